"""Bounded clean-up: the cost of an event must not grow with the number of events already handled."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from strangler.batches import delete_in_batches

_DELETE = """
    WITH old AS MATERIALIZED (
        SELECT id FROM strangler_outbox
        WHERE created_at < %(before)s AND (relayed_at IS NOT NULL OR %(unrelayed)s)
        ORDER BY id LIMIT %(size)s FOR UPDATE SKIP LOCKED)
    DELETE FROM strangler_outbox WHERE id IN (SELECT id FROM old)
"""


def prune(*, using: str, older_than: timedelta, unrelayed: bool = False, batch_size: int = 5_000) -> int:
    """Delete relayed messages older than `older_than`; returns how many.

    `unrelayed=True` also deletes what no relay has carried: right only where there is no relay.
    """
    parameters = {"before": timezone.now() - older_than, "unrelayed": unrelayed}
    return sum(delete_in_batches(using, _DELETE, parameters, size=batch_size))
