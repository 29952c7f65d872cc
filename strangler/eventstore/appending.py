"""Appends are one statement: the unique version decides between rivals, and whoever comes second waits and is refused.

The first new event of a stream goes in only where the version before it is the stream's last, and the others only after
it, so that no version is ever left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connections, transaction

from strangler.errors import ConcurrencyConflict, EventStoreError, NotInTransaction
from strangler.eventstore import snapshots
from strangler.eventstore.databases import database
from strangler.eventstore.declaring import EventStream
from strangler.messaging import Event, current
from strangler.messaging.sealing import to_json
from strangler.outbox.publishing import require_ownership

MAX_KEY = 255
Changes = Mapping[str, tuple[int, Sequence[Event]]]

# Positions in the order given. All events of a call are of one moment: `as_of` sees all of them, or none. An event's
# transaction_id is that of the event before it where that is higher, as it is where this transaction is the older one:
# `reading` has each stream in order then, and finds nothing behind its back, since no id comes to be lower. Ids of
# another server (`restoring`) are not gone by.
_APPEND = """
    WITH moment AS MATERIALIZED (SELECT clock_timestamp() AS at),
    new AS MATERIALIZED (
        SELECT n.*, nextval('strangler_stream_event_position_seq') AS position
        FROM unnest(%(keys)s::text[], %(versions)s::int[], %(before)s::int[], %(types)s::text[], %(data)s::text[])
            AS n(key, version, before, type, data)),
    begun AS (
        INSERT INTO strangler_stream_event
            (position, transaction_id, category, key, version, type, data, correlation_id, causation_id, recorded_at)
        SELECT n.position, greatest(pg_current_xact_id()::text::bigint, last.transaction_id), %(category)s, n.key,
            n.version, n.type, n.data, %(correlation_id)s, %(causation_id)s, at
        FROM moment, new n LEFT JOIN LATERAL (
            SELECT e.version, CASE
                WHEN e.transaction_id < pg_snapshot_xmax(pg_current_snapshot())::text::bigint THEN e.transaction_id
                END AS transaction_id
            FROM strangler_stream_event e WHERE e.key = n.key AND e.category = %(category)s
            ORDER BY e.version DESC LIMIT 1) last ON true
        WHERE n.before = coalesce(last.version, 0)
        ORDER BY n.key
        ON CONFLICT (key, category, version) DO NOTHING
        RETURNING key, transaction_id),
    gone_on AS (
        INSERT INTO strangler_stream_event
            (position, transaction_id, category, key, version, type, data, correlation_id, causation_id, recorded_at)
        SELECT n.position, begun.transaction_id, %(category)s, n.key,
            n.version, n.type, n.data, %(correlation_id)s, %(causation_id)s, at
        FROM moment, begun JOIN new n ON n.key = begun.key AND n.before IS NULL)
    SELECT key FROM begun
"""

_VERSIONS = """
    SELECT k.key, coalesce((
        SELECT max(e.version) FROM strangler_stream_event e WHERE e.key = k.key AND e.category = %(category)s), 0)
    FROM unnest(%(keys)s::text[]) AS k(key)
"""


def append(stream: EventStream[Any], changes: Changes) -> dict[str, int]:
    """See `EventStream.append_many()`."""
    using = database()
    for key, (expected, events) in changes.items():
        _require_sound(stream, key, expected, events)
    if not connections[using].in_atomic_block:
        raise NotInTransaction(
            f"append() to stream {stream.category!r} outside a transaction on database {using!r}: put it inside the "
            "transaction.atomic() block that publishes what came of it"
        )
    decided = {key: change for key, change in changes.items() if change[1]}
    if len(decided) == 1:
        _insert(stream, decided, using)
    elif decided:
        with transaction.atomic(using=using):  # one that is refused takes the others with it
            _insert(stream, decided, using)
    after = {key: expected + len(events) for key, (expected, events) in changes.items()}
    snapshots.write_due(stream, {key: (changes[key][0], after[key]) for key in decided}, using=using)
    return after


def _insert(stream: EventStream[Any], changes: Changes, using: str) -> None:
    rows = [
        (key, expected + place, None if place > 1 else expected, event)
        for key, (expected, events) in changes.items()
        for place, event in enumerate(events, 1)
    ]
    work = current()
    parameters: dict[str, Any] = {
        "category": stream.category,
        "correlation_id": work.correlation_id,
        "causation_id": work.causation_id or "",
        "keys": [key for key, _, _, _ in rows],
        "versions": [version for _, version, _, _ in rows],
        "before": [before for _, _, before, _ in rows],
        "types": [event.wire_type() for _, _, _, event in rows],
        "data": [to_json(event.model_dump(mode="json")) for _, _, _, event in rows],
    }
    with connections[using].cursor() as cursor:
        cursor.execute(_APPEND, parameters)
        begun = {key for (key,) in cursor.fetchall()}
        refused = sorted(changes.keys() - begun)
        if refused:
            cursor.execute(_VERSIONS, {"category": stream.category, "keys": refused[:1]})
            ((key, actual),) = cursor.fetchall()
            raise ConcurrencyConflict(stream.name(key), expected=changes[key][0], actual=actual)


def _require_sound(stream: EventStream[Any], key: str, expected: int, events: Sequence[Event]) -> None:
    where = f"stream {stream.category!r}"
    if not isinstance(key, str) or not 0 < len(key) <= MAX_KEY or "\x00" in key:
        raise EventStoreError(f"{where}: key {key!r} must be a text of 1 to {MAX_KEY} characters, without NUL")
    if expected < 0:
        raise EventStoreError(f"{where}: expected={expected} must be the version that was loaded, from 0")
    for event in events:
        if stream.class_of(event.event_type) is not type(event):
            known = ", ".join(sorted(known.__qualname__ for known in stream.events))
            raise EventStoreError(
                f"{where} takes no {type(event).__qualname__} (known: {known}): declare the class in its events="
            )
        if event.aggregate_id != key:
            raise EventStoreError(
                f"{where}: {type(event).__qualname__} is about {type(event).key_field} {event.aggregate_id!r}, and "
                f"cannot be appended to {key!r}"
            )
        require_ownership(type(event))
