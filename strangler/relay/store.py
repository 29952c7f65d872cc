"""What every relay asks of the outbox, in set-based SQL: claim a batch, settle what the broker said of it.

Order per key with any number of relays: a message is only handed out when no earlier one of its key is still pending
outside the same batch. The claim lasts as long as its transaction, so that a killed relay gives it back at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from strangler.brokers import OutgoingMessage, Receipt
from strangler.conf import settings

FIRST_BACKOFF = 0.5

# A key with a refused message that is not due yet is left alone: its later messages would have to wait anyway.
# `gap` stands in the last row of each key: the first pending message of the key that this claim did not get.
_CLAIM = """
    WITH head AS MATERIALIZED (
        SELECT id, position, aggregate_type, aggregate_id, routing_key, payload FROM strangler_outbox
        WHERE relayed_at IS NULL AND position > %(floor)s AND {due}
          AND (aggregate_type, aggregate_id) NOT IN (
              SELECT aggregate_type, aggregate_id FROM strangler_outbox WHERE relayed_at IS NULL AND retry_at > now())
        ORDER BY position LIMIT %(limit)s
        FOR UPDATE SKIP LOCKED)
    SELECT id, aggregate_type, aggregate_id, routing_key, payload, position,
        CASE WHEN row_number() OVER (PARTITION BY aggregate_type, aggregate_id ORDER BY position DESC) = 1 THEN (
            SELECT other.position FROM strangler_outbox other
            WHERE other.relayed_at IS NULL
              AND other.aggregate_type = head.aggregate_type AND other.aggregate_id = head.aggregate_id
              AND other.position > %(floor)s AND other.position < head.position
              AND other.id NOT IN (SELECT id FROM head)
            ORDER BY other.position LIMIT 1) END AS gap
    FROM head ORDER BY position
"""
_CLAIM_PENDING = _CLAIM.format(due="(retry_at IS NULL OR retry_at <= now())")
_CLAIM_RETRIES = _CLAIM.format(due="retry_at <= now()")

_SETTLE = """
    UPDATE strangler_outbox o SET
        attempts = o.attempts + 1,
        relayed_at = CASE WHEN said.error IS NULL THEN clock_timestamp() END,
        last_error = coalesce(said.error, ''),
        retry_at = CASE WHEN said.error IS NOT NULL THEN clock_timestamp() + interval '1 second'
            * least(%(backoff_max)s, %(first_backoff)s * 2 ^ least(o.attempts, 30)) END
    FROM unnest(%(ids)s::uuid[], %(errors)s::text[]) AS said(id, error)
    WHERE o.id = said.id
"""


class Claim(NamedTuple):
    """`messages` in order, ready to publish; `blocked`: locked too, but an earlier one of the key is elsewhere."""

    messages: list[OutgoingMessage]
    blocked: int


class _Row(NamedTuple):
    id: UUID
    topic: str
    aggregate_id: str
    routing_key: str
    payload: str
    position: int
    gap: int | None


def pin_plans(cursor: CursorWrapper) -> None:
    """For the session of a relay: the statistics of a queue are always stale, and only index scans suit its size."""
    for kind in ("seqscan", "bitmapscan", "sort"):
        cursor.execute(f"SET enable_{kind} = off")


def settle_lazily(cursor: CursorWrapper) -> None:
    """For the session of a relay that carries whatever is pending: it need not wait until what it settled is on disk.

    A settlement that a crash of the database takes back is one that a crash of the relay had prevented: a duplicate.
    """
    cursor.execute("SET synchronous_commit = off")


def claim(cursor: CursorWrapper, limit: int, *, floor: int = 0, only_retries: bool = False) -> Claim:
    """Lock up to `limit` pending messages until the transaction in force ends. Blocks on nobody.

    `floor` is a position up to which nothing is pending or ever will be. `only_retries` takes just what was tried or
    put off before: the share of a relay whose log stream brings the rest.
    """
    cursor.execute(_CLAIM_RETRIES if only_retries else _CLAIM_PENDING, {"limit": limit, "floor": floor})
    rows = [_Row(*row) for row in cursor.fetchall()]
    gaps = {(row.topic, row.aggregate_id): row.gap for row in rows if row.gap is not None}
    free = [row for row in rows if row.position < gaps.get((row.topic, row.aggregate_id), row.position + 1)]
    messages = [message(row.id, row.topic, row.routing_key, row.aggregate_id, row.payload.encode()) for row in free]
    return Claim(messages, blocked=len(rows) - len(free))


def settle(cursor: CursorWrapper, receipt: Receipt, *, backoff_max: float) -> None:
    """Write down a receipt in one statement. A refused message is tried again after a growing time, at most
    `backoff_max` seconds; one in neither list stays pending as it was.
    """
    ids: Sequence[UUID] = [*receipt.confirmed, *receipt.refused]
    if not ids:
        return
    errors = [None] * len(receipt.confirmed) + list(receipt.refused.values())
    parameters: dict[str, Any] = {
        "ids": ids,
        "errors": errors,
        "backoff_max": backoff_max,
        "first_backoff": FIRST_BACKOFF,
    }
    cursor.execute(_SETTLE, parameters)


def message(id: UUID, topic: str, routing_key: str, aggregate_id: str, body: bytes) -> OutgoingMessage:
    mandatory = settings.must_be_consumed(routing_key)
    return OutgoingMessage(id, topic, routing_key, f"{topic}:{aggregate_id}", body, mandatory)
