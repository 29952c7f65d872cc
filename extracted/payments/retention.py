"""What is forgotten: answers that nobody asks for again, calls that ended, comparisons that agreed. Streams never are.

Keep answers as long as the inbox: a request may come again as late as any message, and would be done again.
"""

from collections.abc import Mapping
from datetime import timedelta

from django.db import DEFAULT_DB_ALIAS
from django.utils import timezone

from strangler.batches import delete_in_batches

NEWEST = 10_000
"""Comparisons that stay however old they are: the gate of a small shop counts them for months."""
REQUESTS = """
    WITH old AS MATERIALIZED (
        SELECT r.id FROM payments_paymentrequest r WHERE r.answered_at < %(before)s
            AND NOT EXISTS (SELECT FROM payments_gatewaycall c WHERE c.request = r.request AND c.status = 'due')
        ORDER BY r.id LIMIT %(size)s FOR UPDATE SKIP LOCKED)
    DELETE FROM payments_paymentrequest WHERE id IN (SELECT id FROM old)
"""
CALLS = """
    WITH ended AS MATERIALIZED (
        SELECT id FROM payments_gatewaycall WHERE settled_at < %(before)s ORDER BY id LIMIT %(size)s
        FOR UPDATE SKIP LOCKED),
    tries AS (DELETE FROM payments_gatewayattempt WHERE call_id IN (SELECT id FROM ended))
    DELETE FROM payments_gatewaycall WHERE id IN (SELECT id FROM ended)
"""
COMPARISONS = """
    WITH old AS MATERIALIZED (
        SELECT id FROM payments_shadowoutcome WHERE compared_at < %(before)s
        AND id <= (SELECT id FROM payments_shadowoutcome ORDER BY id DESC OFFSET %(newest)s LIMIT 1)
        ORDER BY id LIMIT %(size)s FOR UPDATE SKIP LOCKED)
    DELETE FROM payments_shadowoutcome WHERE id IN (SELECT id FROM old)
"""
STATEMENTS = {"requests": REQUESTS, "calls": CALLS, "comparisons": COMPARISONS}


def prune(*, older_than: timedelta, newest: int = NEWEST, batch_size: int = 5_000) -> Mapping[str, int]:
    """In bounded batches. How many of what were deleted; of comparisons none of the `newest`."""
    bounds = {"before": timezone.now() - older_than, "newest": newest}
    return {
        name: sum(delete_in_batches(DEFAULT_DB_ALIAS, statement, bounds, size=batch_size))
        for name, statement in STATEMENTS.items()
    }
