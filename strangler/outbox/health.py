"""Whether events leave the outbox."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from django.db import connections, transaction

# The oldest by position, which the index of what is pending has; the count stops where it is bad enough.
_PENDING = """
    SELECT (SELECT clock_timestamp() - created_at FROM strangler_outbox WHERE relayed_at IS NULL
            ORDER BY position LIMIT 1),
           (SELECT count(*) FROM (SELECT 1 FROM strangler_outbox WHERE relayed_at IS NULL LIMIT %(most)s) AS pending),
           (SELECT count(*) FROM (SELECT 1 FROM strangler_outbox WHERE relayed_at IS NULL AND last_error <> ''
                                  AND retry_at IS NOT NULL LIMIT %(most)s) AS refused)
"""
MOST = 100_000
# The planner thinks as little is pending as when it last counted, and would read the whole table.
_PIN_PLANS = "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off"
# What the broker refused costs a relay next to nothing, and may wait for a person for days.
_LOAD = """
    SELECT (SELECT count(*) FROM (SELECT 1 FROM strangler_outbox WHERE relayed_at IS NULL AND retry_at IS NULL
                                  LIMIT %(most)s) AS waiting),
           (SELECT clock_timestamp() - created_at FROM strangler_outbox WHERE relayed_at IS NULL AND retry_at IS NULL
            ORDER BY position LIMIT 1),
           (SELECT routing_key || ': ' || last_error FROM strangler_outbox
            WHERE relayed_at IS NULL AND retry_at IS NOT NULL AND last_error <> ''
              AND right(routing_key, length(%(suffix)s)) = %(suffix)s LIMIT 1)
"""


class OutboxHealth(NamedTuple):
    """`pending` and `refused` are counted up to `MOST`; `oldest` is None where nothing is pending."""

    oldest: timedelta | None
    pending: int
    refused: int


class OutboxLoad(NamedTuple):
    """What a relay has before it: `waiting` is counted up to a bound, `oldest` is None where nothing waits.

    `refused`: one of the events asked about that the broker refuses, and why.
    """

    waiting: int
    oldest: timedelta | None
    refused: str | None


def outbox_load(using: str, *, most: int, suffix: str) -> OutboxLoad:
    """Cheap enough to ask often. `suffix` ends the routing keys of the events that are asked about."""
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute(_PIN_PLANS)
        cursor.execute(_LOAD, {"most": most, "suffix": suffix})
        return OutboxLoad(*cursor.fetchone())


def outbox_health(using: str) -> OutboxHealth:
    with connections[using].cursor() as cursor:
        cursor.execute(_PENDING, {"most": MOST})
        return OutboxHealth(*cursor.fetchone())
