"""Events at a pace, and when each was committed. Used by the kit's project, the bare loop's and the peers'."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

Record = Callable[[int], tuple[str, float]]
"""Commits one event; returns its id and the monotonic time at which COMMIT was sent."""


def load(record: Record, rate: float, seconds: float, file: Path) -> None:
    """One event each 1/rate seconds, whatever the last one took; one that is late is followed at once."""
    with file.open("a", buffering=1, encoding="ascii") as log:
        due = time.monotonic()
        for number in range(int(rate * seconds)):
            due += 1 / rate
            time.sleep(max(0.0, due - time.monotonic()))
            id, committed = record(number)
            log.write(f"{id} {committed:.6f}\n")


def read(file: Path) -> dict[str, float]:
    """Times by id; of an id that is there twice, the first."""
    times: dict[str, float] = {}
    for line in file.read_text(encoding="ascii").splitlines():
        id, _, moment = line.partition(" ")
        times.setdefault(id, float(moment))
    return times
