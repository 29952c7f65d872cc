"""The inbox's and the parking place's SQL, one statement for a whole batch wherever there is a batch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.backends.utils import CursorWrapper

from strangler.inbox.incoming import Incoming

_ALREADY_HANDLED = "SELECT message_id FROM strangler_inbox WHERE consumer_group = %s AND message_id = ANY(%s)"

_PARKED_KEYS = """
    SELECT DISTINCT key FROM strangler_parked_message
    WHERE consumer_group = %s AND key = ANY(%s) AND status <> 'discarded'
"""

_RECORD = """
    INSERT INTO strangler_inbox (consumer_group, message_id, handled_at)
    SELECT %s, id, clock_timestamp() FROM unnest(%s::uuid[]) AS id ORDER BY id
    ON CONFLICT DO NOTHING RETURNING message_id
"""

_FORGET = "DELETE FROM strangler_inbox WHERE consumer_group = %s AND message_id = ANY(%s)"

_PARK = """
    INSERT INTO strangler_parked_message
        (consumer_group, message_id, key, type, payload, status, attempts, error,
         next_attempt_at, correction, parked_at)
    SELECT %(group)s, p.message_id, p.key, p.type, p.payload, p.status, p.attempts, p.error,
           clock_timestamp() + p.delay, '', clock_timestamp()
    FROM unnest(%(ids)s::uuid[], %(keys)s::text[], %(types)s::text[], %(payloads)s::text[], %(statuses)s::text[],
                %(attempts)s::int[], %(errors)s::text[], %(delays)s::interval[]) WITH ORDINALITY
         AS p(message_id, key, type, payload, status, attempts, error, delay, place)
    ORDER BY p.place
    ON CONFLICT DO NOTHING
"""


class Parking(NamedTuple):
    """One message to park: why, after how many starts of a handler, and for how long."""

    message: Incoming
    attempts: int = 0
    delay: timedelta = timedelta()
    error: str = ""
    dead: bool = False


def already_handled(cursor: CursorWrapper, group: str, ids: Sequence[UUID]) -> set[UUID]:
    if not ids:
        return set()
    cursor.execute(_ALREADY_HANDLED, [group, list(ids)])
    return {row[0] for row in cursor.fetchall()}


def parked_keys(cursor: CursorWrapper, group: str, keys: Sequence[str]) -> set[str]:
    """Those of `keys` in which something waits already: whatever comes later must wait behind it."""
    cursor.execute(_PARKED_KEYS, [group, list(keys)])
    return {row[0] for row in cursor.fetchall()}


def record_handled(cursor: CursorWrapper, group: str, ids: Sequence[UUID]) -> set[UUID]:
    """Note the messages as handled; returns those that were not yet. Waits for a rival's transaction to end."""
    if not ids:
        return set()
    cursor.execute(_RECORD, [group, list(ids)])
    return {row[0] for row in cursor.fetchall()}


def forget_handled(cursor: CursorWrapper, group: str, ids: Sequence[UUID]) -> None:
    if ids:
        cursor.execute(_FORGET, [group, list(ids)])


def park(cursor: CursorWrapper, group: str, parkings: Sequence[Parking]) -> None:
    """In the order given; one that is parked already stays as it is."""
    if not parkings:
        return
    cursor.execute(
        _PARK,
        {
            "group": group,
            "ids": [p.message.id for p in parkings],
            "keys": [p.message.key for p in parkings],
            "types": [p.message.type for p in parkings],
            "payloads": [p.message.text for p in parkings],
            "statuses": ["dead" if p.dead else "retrying" for p in parkings],
            "attempts": [p.attempts for p in parkings],
            "errors": [p.error for p in parkings],
            "delays": [p.delay for p in parkings],
        },
    )
