"""Bounded clean-up of answers that nobody asks for any more, and of comparisons that count no more.

Keep them as long as the inbox, and as long as the monolith keeps its own: it asks nothing again that is older.
"""

from datetime import datetime, timedelta

from django.db import DEFAULT_DB_ALIAS
from django.utils import timezone

from strangler.batches import delete_in_batches

NEWEST = 10_000
"""Comparisons that stay however old they are: the gate of a small shop counts them for months."""
# Materialised: planned as a join, the subquery could be run once for each row, and its bound would bound nothing.
_CHANGES = """
    WITH answered AS MATERIALIZED (
        SELECT id FROM inventory_stockchange WHERE answered_at < %(before)s
        ORDER BY id LIMIT %(size)s FOR UPDATE SKIP LOCKED)
    DELETE FROM inventory_stockchange WHERE id IN (SELECT id FROM answered)
"""
_OUTCOMES = """
    WITH old AS MATERIALIZED (
        SELECT id FROM inventory_shadowoutcome WHERE compared_at < %(before)s
        AND id <= (SELECT id FROM inventory_shadowoutcome ORDER BY id DESC OFFSET %(newest)s LIMIT 1)
        ORDER BY id LIMIT %(size)s FOR UPDATE SKIP LOCKED)
    DELETE FROM inventory_shadowoutcome WHERE id IN (SELECT id FROM old)
"""


def prune_changes(*, older_than: timedelta, batch_size: int = 5_000) -> int:
    """Deletes changes that were answered longer ago; what waits stays. Returns how many."""
    return _delete(_CHANGES, before=timezone.now() - older_than, size=batch_size)


def prune_outcomes(*, older_than: timedelta, newest: int = NEWEST, batch_size: int = 5_000) -> int:
    """Deletes comparisons that are older, and none of the `newest`. Returns how many.

    The oldest go first, so the number of those that have agreed since the last mismatch only ever gets smaller.
    """
    return _delete(_OUTCOMES, before=timezone.now() - older_than, size=batch_size, newest=newest)


def _delete(statement: str, *, before: datetime, size: int, **bounds: int) -> int:
    return sum(delete_in_batches(DEFAULT_DB_ALIAS, statement, {"before": before, **bounds}, size=size))
