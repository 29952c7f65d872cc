"""Wait for a condition instead of sleeping, and say what was waited for when it does not come."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Answer = TypeVar("Answer")
POLL_SECONDS = 0.02


class WaitTimeout(AssertionError):
    """The condition did not become true in time."""


def log_tail(log: Path | None, lines: int = 25) -> str:
    if log is None or not log.exists():
        return ""
    tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
    return "\n".join([f"--- end of {log} ---", *tail])


def wait_for(
    condition: Callable[[], Answer],
    timeout: float,
    what: str,
    *,
    log: Path | None = None,
    abandon_if: Callable[[], str | None] = lambda: None,
) -> Answer:
    """Return the first true answer of `condition`, asked until `timeout` (seconds).

    `abandon_if` may return a reason to give up early, such as the death of the process that was to do it.
    Raises WaitTimeout naming `what`, with the end of `log`.
    """
    deadline = time.monotonic() + timeout
    while True:
        answer = condition()
        if answer:
            return answer
        reason = abandon_if()
        if reason is None and time.monotonic() > deadline:
            reason = f"gave up after {timeout:g} s"
        if reason is not None:
            raise WaitTimeout(f"waiting for {what}: {reason}\n{log_tail(log)}".rstrip())
        time.sleep(POLL_SECONDS)
