"""A rate, seen from outside: how a count grows while a process works that nobody talks to."""

from __future__ import annotations

import time
from collections.abc import Callable

from devstack.processes import ManagedProcess

LOOK_SECONDS = 0.01
START = 0.05


def rate(process: ManagedProcess, count: Callable[[], int], total: int, *, seconds: float = 300) -> float:
    """Per second, from the first look that finds more than a twentieth to the first that finds `total`.

    The start of the process, its connections and its first batch are not in it. Raises RuntimeError when the process
    ends, or does not come to the end in so many `seconds`, and AssertionError when it does more than there was.
    """
    deadline = time.monotonic() + seconds
    began: tuple[float, int] | None = None
    while True:
        seen, now = count(), time.monotonic()
        if began is None and seen > total * START:
            began = now, seen
        if seen >= total and began is not None:
            assert seen == total, f"{process.name} did {seen} of {total}"
            assert seen > began[1], f"{process.name} did all of it in one step: give it more"
            return (seen - began[1]) / (now - began[0])
        if now > deadline or not process.running:
            raise RuntimeError(f"{process.name} did {seen} of {total} and no more:\n{process.tail()}")
        time.sleep(LOOK_SECONDS)
