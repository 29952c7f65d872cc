"""State and history of streams: the snapshot, if one fits, and what came after it, by one statement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import structlog
from django.db import connections
from pydantic import BaseModel, ValidationError

from strangler.errors import EventStoreError
from strangler.eventstore.databases import database
from strangler.eventstore.declaring import EventStream, Loaded
from strangler.eventstore.opening import COLUMNS, Row, open_event, recorded
from strangler.eventstore.recorded import Recorded

log = structlog.get_logger(__name__)
S = TypeVar("S", bound=BaseModel)


class _SnapshotUnreadable(Exception):
    """No reason to fail: the events are there."""


# A moment cuts a stream before the first event that is later, so that what is seen is always a beginning of it.
# A snapshot has the type ''. LIMIT 1 and OFFSET 0 keep the planner, which may know little of the tables, from joining
# all snapshots and all events.
_LOAD = """
    WITH asked AS MATERIALIZED (
        SELECT k.key, coalesce(least(%(version)s::int, (
            SELECT min(e.version) - 1 FROM strangler_stream_event e
            WHERE e.category = %(category)s AND e.key = k.key AND e.recorded_at > %(as_of)s::timestamptz
        )), 2147483647) AS last
        FROM unnest(%(keys)s::text[]) AS k(key)),
    begun AS MATERIALIZED (
        SELECT asked.key, asked.last, s.version, s.state FROM asked LEFT JOIN LATERAL (
            SELECT * FROM strangler_stream_snapshot s WHERE s.key = asked.key AND s.category = %(category)s LIMIT 1
        ) s ON s.shape = %(shape)s AND s.version <= asked.last)
    SELECT key, version, '' AS type, state AS data FROM begun WHERE version IS NOT NULL
    UNION ALL
    SELECT e.key, e.version, e.type, e.data FROM begun CROSS JOIN LATERAL (
        SELECT * FROM strangler_stream_event e
        WHERE e.key = begun.key AND e.category = %(category)s
            AND e.version > coalesce(begun.version, 0) AND e.version <= begun.last OFFSET 0) e
    ORDER BY key, version
"""

_HISTORY = f"""
    SELECT {COLUMNS} FROM strangler_stream_event e
    WHERE e.key = %(key)s AND e.category = %(category)s AND e.version > %(after)s ORDER BY e.version
"""  # noqa: S608  (constants)


def load(
    stream: EventStream[S], keys: Sequence[str], *, as_of: datetime | None = None, version: int | None = None
) -> dict[str, Loaded[S]]:
    """See `EventStream.load()`."""
    if as_of is not None and as_of.tzinfo is None:
        raise EventStoreError(f"as_of={as_of!r} has no time zone: give an aware datetime, such as timezone.now()")
    if version is not None and version < 0:
        raise EventStoreError(f"version={version}: give a version of stream {stream.category!r}, from 0")
    asked = {"category": stream.category, "keys": list(keys), "as_of": as_of, "version": version}
    try:
        return _fold(stream, {**asked, "shape": stream.shape})
    except _SnapshotUnreadable as error:
        log.warning("snapshot_unreadable", stream=stream.category, error=str(error.__cause__))
        return replay(stream, keys, as_of=as_of, version=version)


def replay(
    stream: EventStream[S], keys: Sequence[str], *, as_of: datetime | None = None, version: int | None = None
) -> dict[str, Loaded[S]]:
    """From the first event, whatever snapshots there may be: of no shape there are none."""
    asked = {"category": stream.category, "keys": list(keys), "as_of": as_of, "version": version}
    return _fold(stream, {**asked, "shape": ""})


def history(stream: EventStream[Any], key: str, *, after: int) -> list[Recorded]:
    """See `EventStream.history()`."""
    parameters = {"key": key, "category": stream.category, "after": after}
    return [recorded(Row(*row), stream) for row in _rows(_HISTORY, parameters)]


def _fold(stream: EventStream[S], asked: dict[str, Any]) -> dict[str, Loaded[S]]:
    found = {key: Loaded(stream.state(), 0) for key in asked["keys"]}
    for key, version, wire_type, data in _rows(_LOAD, asked):
        if wire_type:
            event = open_event(stream, key, version, wire_type, data)
            found[key] = Loaded(stream.evolve(found[key].state, event), version)
        else:
            found[key] = Loaded(_opened(stream, data), version)
    return found


def _opened(stream: EventStream[S], snapshot: str) -> S:
    try:
        return stream.state.model_validate_json(snapshot)
    except ValidationError as error:
        raise _SnapshotUnreadable from error


def _rows(statement: str, parameters: dict[str, Any]) -> Iterable[tuple[Any, ...]]:
    with connections[database()].cursor() as cursor:
        cursor.execute(statement, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
