"""What the log's relay asks of the outbox, whose rows alone say what a broker has.

A pending row belongs to one of two: with `retry_at` to the sweeper, without it to the stream. The stream gives a row
away by setting `retry_at`, and never takes one back.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from strangler.relay.log.reading import Address


class Fate(StrEnum):
    """What keeps a row from being published now."""

    RELAYED = "relayed"  # by an earlier run, or the sweeper
    SWEEPERS = "sweepers"
    BLOCKED = "blocked"  # behind an earlier pending message of its key that this batch does not carry
    MISSING = "missing"  # not visible yet, or deleted


# OFFSET 0 keeps the planner from turning one index lookup a key into a scan of everything pending: its statistics are
# from when next to nothing was. Only exceptions are answered, because there seldom are any.
_LOOK_UP = """
    WITH batch AS MATERIALIZED (
        SELECT id, position, aggregate_type, aggregate_id, relayed_at, retry_at
        FROM strangler_outbox WHERE id = ANY(%(ids)s::uuid[])
    ), pending_key AS MATERIALIZED (
        SELECT aggregate_type, aggregate_id, max(position) AS position FROM batch
        WHERE relayed_at IS NULL GROUP BY aggregate_type, aggregate_id
    ), blocker AS MATERIALIZED (
        SELECT aggregate_type, aggregate_id, (
            SELECT min(position) FROM (
                SELECT id, position, retry_at FROM strangler_outbox
                WHERE relayed_at IS NULL AND position < pending_key.position
                  AND aggregate_type = pending_key.aggregate_type AND aggregate_id = pending_key.aggregate_id OFFSET 0
            ) AS earlier
            WHERE id <> ALL(%(ahead)s::uuid[]) AND (retry_at IS NOT NULL OR id NOT IN (SELECT id FROM batch))
        ) AS position FROM pending_key
    )
    SELECT id, CASE
        WHEN relayed_at IS NOT NULL THEN 'relayed' WHEN retry_at IS NOT NULL THEN 'sweepers' ELSE 'blocked' END
    FROM batch LEFT JOIN blocker USING (aggregate_type, aggregate_id)
    WHERE relayed_at IS NOT NULL OR retry_at IS NOT NULL OR batch.position > blocker.position
    UNION ALL
    SELECT id, 'missing' FROM unnest(%(ids)s::uuid[]) AS asked (id) WHERE id NOT IN (SELECT id FROM batch)
"""
_ADDRESSES = "SELECT id, aggregate_type, routing_key, aggregate_id FROM strangler_outbox WHERE id = ANY(%(ids)s)"

_ADOPTED_AT_ONCE = 1000
_DEFER = "UPDATE strangler_outbox SET retry_at = now() WHERE id = ANY(%(ids)s) AND relayed_at IS NULL"

_ADOPT = """
    WITH forgotten AS MATERIALIZED (
        SELECT id FROM strangler_outbox
        WHERE relayed_at IS NULL AND retry_at IS NULL
          AND (%(older_than)s::float IS NULL OR created_at <= now() - make_interval(secs => %(older_than)s))
        ORDER BY position LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
    UPDATE strangler_outbox SET retry_at = now() WHERE id IN (SELECT id FROM forgotten)
"""

# The log has the lower 32 bits of a transaction's number: take the one nearest to the newest number there is.
_IN_PROGRESS = """
    SELECT EXISTS (
        SELECT 1 FROM (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint + 2147483648 AS highest) bound,
            unnest(%(transactions)s::bigint[]) AS low
        WHERE NOT pg_visible_in_snapshot((highest - (highest - low) %% 4294967296)::text::xid8, pg_current_snapshot()))
"""


def look_up(cursor: CursorWrapper, ids: Sequence[UUID], *, ahead: Sequence[UUID] = ()) -> dict[UUID, Fate]:
    """Which of these are not to be published now, and why; the others are due.

    `ahead` are under way to the broker, before these: no reason to wait, unless the broker refuses one.
    """
    cursor.execute(_LOOK_UP, {"ids": list(ids), "ahead": list(ahead)})
    return {id: Fate(fate) for id, fate in cursor.fetchall()}


def addresses(cursor: CursorWrapper, ids: Sequence[UUID]) -> dict[UUID, Address]:
    """For a reader that does not bring them; a row that is gone is left out."""
    cursor.execute(_ADDRESSES, {"ids": list(ids)})
    return {id: Address(*columns) for id, *columns in cursor.fetchall()}


def defer(cursor: CursorWrapper, ids: Sequence[UUID]) -> None:
    """Give these to the sweeper."""
    if ids:
        cursor.execute(_DEFER, {"ids": list(ids)})


def adopt(cursor: CursorWrapper, *, older_than: float | None = None) -> int:
    """Give the sweeper what is pending and nobody's: all of it, or what is that many seconds old. Returns how many.

    Skips what somebody holds a lock on; whoever calls this again and again gets that too.
    """
    total, adopted = 0, _ADOPTED_AT_ONCE
    while adopted == _ADOPTED_AT_ONCE:
        cursor.execute(_ADOPT, {"older_than": older_than, "limit": _ADOPTED_AT_ONCE})
        adopted = cursor.rowcount
        total += adopted
    return total


def in_progress(cursor: CursorWrapper, transactions: Sequence[int]) -> bool:
    """Whether others cannot see yet what one of these did: the log shows a commit before the snapshots do."""
    cursor.execute(_IN_PROGRESS, {"transactions": list(transactions)})
    (answer,) = cursor.fetchone() or (False,)
    return bool(answer)
