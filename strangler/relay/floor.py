"""Up to which position nothing is pending or ever will be, so that a claim need not begin at the beginning.

While some old transaction keeps vacuum away (a dump, a report, a forgotten session), the index of what is pending keeps
an entry of every event that has been relayed since, and whoever reads it from its start steps over all of them.
"""

from __future__ import annotations

import time
from typing import NamedTuple

from django.db.backends.utils import CursorWrapper

LOOK_INTERVAL = 1.0
"""Seconds between looks at the whole index, which also find what somebody made pending again by hand."""
MAX_SHARE_OF_LOOKS = 0.05

# Who has taken a position holds this lock until others see the row: it is taken before, and released after.
_WRITERS = """
    SELECT virtualtransaction FROM pg_locks
    WHERE relation = 'strangler_outbox'::regclass AND mode = 'RowExclusiveLock'
        AND pid IS DISTINCT FROM pg_backend_pid()
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_LAST_TAKEN = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM strangler_outbox_position_seq"
_FIRST_PENDING = "SELECT position FROM strangler_outbox WHERE relayed_at IS NULL ORDER BY position LIMIT 1"


class _Mark(NamedTuple):
    """The last position that was taken at some moment, and the transactions which may not have committed theirs."""

    taken: int
    writers: frozenset[str]


class Floor:
    """Belongs to one session of one relay. `position` is 0 until the first mark has come of age."""

    def __init__(self) -> None:
        self.position = 0
        self._mark = _Mark(0, frozenset())
        self._next_look = 0.0

    def look(self, cursor: CursorWrapper) -> None:
        """Outside a transaction: each statement has to see what is committed by then. Does nothing most of the time."""
        started = time.monotonic()
        if started < self._next_look:
            return
        taken, writers = self._taken(cursor), _writers(cursor)
        visible = self._mark.taken if self._mark.writers.isdisjoint(writers) else self.position
        cursor.execute(_FIRST_PENDING)
        first = cursor.fetchone()
        self.position = visible if first is None else min(visible, first[0] - 1)
        if self._mark.writers.isdisjoint(writers):
            self._mark = _Mark(taken, writers)
        self._next_look = started + max(LOOK_INTERVAL, (time.monotonic() - started) / MAX_SHARE_OF_LOOKS)

    @staticmethod
    def _taken(cursor: CursorWrapper) -> int:
        """Before asking for the writers: whoever has taken one by now is among those, or has committed."""
        cursor.execute(_LAST_TAKEN)
        (taken,) = cursor.fetchone()
        return int(taken)


def _writers(cursor: CursorWrapper) -> frozenset[str]:
    cursor.execute(_WRITERS)
    return frozenset(transaction for (transaction,) in cursor.fetchall())
