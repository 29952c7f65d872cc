"""Whether events leave the outbox."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from django.db import connections

# The oldest by position, which the index of what is pending has; the count stops where it is bad enough.
_PENDING = """
    SELECT (SELECT clock_timestamp() - created_at FROM strangler_outbox WHERE relayed_at IS NULL
            ORDER BY position LIMIT 1),
           (SELECT count(*) FROM (SELECT 1 FROM strangler_outbox WHERE relayed_at IS NULL LIMIT %(most)s) AS pending),
           (SELECT count(*) FROM (SELECT 1 FROM strangler_outbox WHERE relayed_at IS NULL AND last_error <> ''
                                  AND retry_at IS NOT NULL LIMIT %(most)s) AS refused)
"""
MOST = 100_000


class OutboxHealth(NamedTuple):
    """`pending` and `refused` are counted up to `MOST`; `oldest` is None where nothing is pending."""

    oldest: timedelta | None
    pending: int
    refused: int


def outbox_health(using: str) -> OutboxHealth:
    with connections[using].cursor() as cursor:
        cursor.execute(_PENDING, {"most": MOST})
        return OutboxHealth(*cursor.fetchone())
