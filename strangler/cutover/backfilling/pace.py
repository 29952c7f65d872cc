"""How many rows at once, and how fast: live traffic comes first.

A chunk holds the locks of its rows until it is published, so it is as large as can be told in a moment, and what waits
in the outbox is kept short, since a live event waits behind it.
"""

from __future__ import annotations

from threading import Event
from time import monotonic

from strangler.cutover.backfilling.chunk import Chunk
from strangler.messaging.routing import backfill_suffix
from strangler.outbox.health import outbox_load

MOST_AT_ONCE = 500
FIRST_AT_ONCE = 16
"""Rows may be large: it is found out with few."""
HOLD_SECONDS = 0.2
"""For which a chunk may keep a live transaction waiting, about."""
MAX_WAITING = 2_000
"""Events in the outbox. Four batches of a relay: enough to keep it busy."""
MAX_AGE = 10.0
"""Seconds that the oldest of them has waited."""


class Pace:
    """`rate` is in rows per second, at most; 0: as fast as the outbox empties."""

    def __init__(self, rate: int = 0) -> None:
        self._rate = rate
        self._most = min(MOST_AT_ONCE, max(1, rate // 2)) if rate else MOST_AT_ONCE
        self._due = monotonic()
        self.size = min(FIRST_AT_ONCE, self._most)
        self.patient = False

    def took(self, chunk: Chunk, seconds: float) -> None:
        """Behind a row that somebody holds, one row is next: that one is waited for."""
        self.patient = chunk.cut
        held = seconds if chunk.held is None else chunk.held
        if chunk.cut and chunk.held is None:
            self.size = 1
        elif held > HOLD_SECONDS:
            self.give_way()
        elif held < HOLD_SECONDS / 2:
            self.size = min(self._most, self.size * 2)
        if self._rate:
            self._due = max(self._due, monotonic() - seconds) + chunk.rows / self._rate

    def give_way(self) -> None:
        self.size = max(1, self.size // 2)

    def waited_in_vain(self) -> None:
        """For the first of several: what else is free is told before that one is waited for again."""
        self.patient = False

    def wait(self, stop: Event) -> None:
        """Until the next chunk is due."""
        stop.wait(max(0.0, self._due - monotonic()))


def no_room(using: str, group: str) -> str:
    """Why nothing may be added to the outbox now; empty where there is room."""
    load = outbox_load(using, most=MAX_WAITING, suffix=backfill_suffix(group))
    age = load.oldest.total_seconds() if load.oldest else 0.0
    if load.refused:
        return f"the broker refuses what was told: {load.refused}"
    if load.waiting >= MAX_WAITING or age > MAX_AGE:
        more = " or more" if load.waiting >= MAX_WAITING else ""
        return f"{load.waiting}{more} events in the outbox wait to be carried, the oldest for {age:.0f} s"
    return ""
