"""Bounded clean-up of what was handled long ago.

Keep the inbox longer than any message can come again: longer than the outbox's retention and the broker's.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from strangler.batches import delete_in_batches

_DELETE = """
    WITH old AS MATERIALIZED (
        SELECT consumer_group, message_id FROM strangler_inbox
        WHERE handled_at < %(before)s ORDER BY consumer_group, message_id LIMIT %(size)s FOR UPDATE SKIP LOCKED)
    DELETE FROM strangler_inbox WHERE (consumer_group, message_id) IN (SELECT consumer_group, message_id FROM old)
"""


def prune(*, using: str, older_than: timedelta, batch_size: int = 5_000) -> int:
    """Delete notes of handled messages older than `older_than`; returns how many."""
    return sum(delete_in_batches(using, _DELETE, {"before": timezone.now() - older_than}, size=batch_size))
