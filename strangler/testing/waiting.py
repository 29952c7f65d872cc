"""Patience of tests that wait for other processes."""

from __future__ import annotations

import time
from collections.abc import Callable

LOOK_EVERY_SECONDS = 0.02


def until(condition: Callable[[], object], what: str, *, seconds: float = 90.0) -> None:
    """Raises AssertionError naming `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds:g} s in vain for {what}"
        time.sleep(LOOK_EVERY_SECONDS)


def until_reached(goal: int, count: Callable[[], int], what: str, *, seconds: float = 90.0) -> None:
    """However long it takes a slow machine in all; raises AssertionError once `count` has not grown for `seconds`."""
    reached, deadline = count(), time.monotonic() + seconds
    while reached < goal:
        assert time.monotonic() < deadline, f"{reached} of {goal} {what}, and no more came for {seconds:g} s"
        time.sleep(LOOK_EVERY_SECONDS)
        if (now := count()) > reached:
            reached, deadline = now, time.monotonic() + seconds
