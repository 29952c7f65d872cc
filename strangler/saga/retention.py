"""Bounded clean-up of what ended long ago.

Keep it as long as the inbox: an answer may come as late as any message, and what it says is undone only while the
instance is there to say what it means.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from strangler.batches import delete_in_batches

_DELETE = """
    WITH ended AS MATERIALIZED (
        SELECT id FROM strangler_saga
        WHERE finished_at < %(before)s AND moved_at < %(before)s AND status IN ('completed', 'compensated')
        ORDER BY id LIMIT %(size)s FOR UPDATE SKIP LOCKED),
    told AS (DELETE FROM strangler_saga_history WHERE instance_id IN (SELECT id FROM ended))
    DELETE FROM strangler_saga WHERE id IN (SELECT id FROM ended)
"""


def prune(*, using: str, older_than: timedelta, batch_size: int = 1_000) -> int:
    """Delete instances that ended longer ago than `older_than`, with their history; returns how many."""
    return sum(delete_in_batches(using, _DELETE, {"before": timezone.now() - older_than}, size=batch_size))
