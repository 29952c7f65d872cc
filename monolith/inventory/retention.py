"""Bounded clean-up of changes of stock that were answered long ago. Keep them as long as the inbox.

The number of a change makes a second question the same one. Who asks twice is a saga, so what was asked for its key
stays until it has ended, however long a person takes; and so does a change while another one takes back a part of it.
"""

from datetime import timedelta

from django.db import DEFAULT_DB_ALIAS
from django.utils import timezone

from strangler.batches import delete_in_batches

# Materialised: planned as a join, the subquery could be run once for each row, and its bound would bound nothing.
_DELETE = """
    WITH answered AS MATERIALIZED (
        SELECT id FROM inventory_change change
        WHERE answered_at < %(before)s AND status IN ('done', 'rejected')
        AND NOT EXISTS (SELECT FROM inventory_change later WHERE later.undoes_id = change.id)
        AND NOT EXISTS (SELECT FROM strangler_saga saga WHERE saga.key = change.reference AND saga.finished_at IS NULL)
        ORDER BY id LIMIT %(size)s FOR UPDATE OF change SKIP LOCKED)
    DELETE FROM inventory_change WHERE id IN (SELECT id FROM answered)
"""


def prune(*, older_than: timedelta, batch_size: int = 5_000) -> int:
    """Deletes changes that were answered longer ago; returns how many."""
    before = timezone.now() - older_than
    return sum(delete_in_batches(DEFAULT_DB_ALIAS, _DELETE, {"before": before}, size=batch_size))
