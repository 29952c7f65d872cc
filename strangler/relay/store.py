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

_CLAIM = """
    WITH head AS MATERIALIZED (
        SELECT o.id FROM strangler_outbox o
        WHERE o.relayed_at IS NULL AND {due}
          AND NOT EXISTS (
              SELECT 1 FROM strangler_outbox refused
              WHERE refused.relayed_at IS NULL AND refused.retry_at > now()
                AND refused.aggregate_type = o.aggregate_type AND refused.aggregate_id = o.aggregate_id
                AND refused.position < o.position)
        ORDER BY o.position LIMIT %(limit)s
        FOR UPDATE OF o SKIP LOCKED)
    SELECT o.id, o.aggregate_type, o.routing_key, o.aggregate_id, o.payload, EXISTS (
        SELECT 1 FROM strangler_outbox earlier
        WHERE earlier.relayed_at IS NULL AND earlier.id NOT IN (SELECT id FROM head)
          AND earlier.aggregate_type = o.aggregate_type AND earlier.aggregate_id = o.aggregate_id
          AND earlier.position < o.position)
    FROM head JOIN strangler_outbox o USING (id) ORDER BY o.position
"""
_CLAIM_PENDING = _CLAIM.format(due="(o.retry_at IS NULL OR o.retry_at <= now())")
_CLAIM_RETRIES = _CLAIM.format(due="o.retry_at <= now()")

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


def claim(cursor: CursorWrapper, limit: int, *, only_retries: bool = False) -> Claim:
    """Lock up to `limit` pending messages until the transaction in force ends. Blocks on nobody.

    `only_retries` takes just what was tried or put off before: the share of a relay whose log stream brings the rest.
    """
    cursor.execute(_CLAIM_RETRIES if only_retries else _CLAIM_PENDING, {"limit": limit})
    rows = cursor.fetchall()
    messages = [_message(*row[:5]) for row in rows if not row[5]]
    return Claim(messages, blocked=len(rows) - len(messages))


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


def _message(id: UUID, topic: str, routing_key: str, aggregate_id: str, payload: Any) -> OutgoingMessage:
    mandatory = settings.must_be_consumed(routing_key)
    return OutgoingMessage(id, topic, routing_key, f"{topic}:{aggregate_id}", payload.encode(), mandatory)
