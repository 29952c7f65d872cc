"""Bounded clean-up of requests that were answered long ago. Keep them as long as the inbox.

The number of a request makes a second question the same one. Who asks twice is a saga, so what was asked for its key
stays until it has ended, however long a person takes.
"""

from datetime import timedelta

from django.db import DEFAULT_DB_ALIAS
from django.utils import timezone

from strangler.batches import delete_in_batches

_DELETE = """
    WITH old AS MATERIALIZED (
        SELECT id FROM payments_paymentrequest request
        WHERE answered_at < %(before)s AND status IN ('done', 'refused')
        AND NOT EXISTS (
            SELECT FROM strangler_saga saga WHERE saga.key = request.order_number AND saga.finished_at IS NULL)
        ORDER BY id LIMIT %(size)s FOR UPDATE OF request SKIP LOCKED)
    DELETE FROM payments_paymentrequest WHERE id IN (SELECT id FROM old)
"""


def prune(*, older_than: timedelta, batch_size: int = 5_000) -> int:
    """Deletes requests that were answered longer ago; returns how many."""
    before = timezone.now() - older_than
    return sum(delete_in_batches(DEFAULT_DB_ALIAS, _DELETE, {"before": before}, size=batch_size))
