"""A rate, seen from outside: how a count grows while processes work that nobody talks to."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from devstack.processes import ManagedProcess

LOOK_SECONDS = 0.01
START = 0.05


def rate(processes: Sequence[ManagedProcess], count: Callable[[], int], total: int, *, seconds: float = 300) -> float:
    """Per second, from the first look that finds more than a twentieth to the first that finds `total`.

    The start of a process, its connections and its first batch are not in it. Raises RuntimeError when one ends, or the
    end does not come in so many `seconds`, and AssertionError when more was done than there was.
    """
    names = ", ".join(process.name for process in processes)
    deadline = time.monotonic() + seconds
    began: tuple[float, int] | None = None
    while True:
        seen, now = count(), time.monotonic()
        if began is None and seen > total * START:
            began = now, seen
        if seen >= total and began is not None:
            assert seen == total, f"{names} did {seen} of {total}"
            assert seen > began[1], f"{names} did all of it in one step: give it more"
            return (seen - began[1]) / (now - began[0])
        if now > deadline or not all(process.running for process in processes):
            logs = "\n".join(process.tail() for process in processes)
            raise RuntimeError(f"{names} did {seen} of {total} and no more:\n{logs}")
        time.sleep(LOOK_SECONDS)
