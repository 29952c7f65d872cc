"""Snapshots: a replay cut short. They are never asked for anything that the events do not say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connections
from pydantic import ValidationError

from strangler.errors import EventStoreError
from strangler.eventstore.declaring import EventStream, Loaded
from strangler.eventstore.loading import load

_WRITE = """
    INSERT INTO strangler_stream_snapshot (category, key, version, shape, state)
    SELECT %(category)s, n.key, n.version, %(shape)s, n.state
    FROM unnest(%(keys)s::text[], %(versions)s::int[], %(states)s::text[]) AS n(key, version, state)
    ORDER BY n.key
    ON CONFLICT (key, category) DO UPDATE
        SET version = EXCLUDED.version, shape = EXCLUDED.shape, state = EXCLUDED.state
"""


def write_due(stream: EventStream[Any], moved: Mapping[str, tuple[int, int]], *, using: str) -> None:
    """`moved`: by key the version before and after. Where that passes a multiple of `snapshot_every`, one is due."""
    every = stream.snapshot_every
    due = [key for key, (before, after) in moved.items() if every and after // every > before // every]
    if not due:
        return
    found = load(stream, due)
    with connections[using].cursor() as cursor:
        cursor.execute(
            _WRITE,
            {
                "category": stream.category,
                "shape": stream.shape,
                "keys": due,
                "versions": [found[key].version for key in due],
                "states": [_packed(stream, key, found[key]) for key in due],
            },
        )


def _packed(stream: EventStream[Any], key: str, found: Loaded[Any]) -> str:
    """Raises `EventStoreError` for a state that would not come back as it is."""
    text: str = found.state.model_dump_json()
    try:
        back = stream.state.model_validate_json(text)
    except ValidationError as error:
        raise _lost(stream, key, str(error)) from error
    if back != found.state:
        raise _lost(stream, key, f"{found.state!r} comes back as {back!r}")
    return text


def _lost(stream: EventStream[Any], key: str, what: str) -> EventStoreError:
    return EventStoreError(
        f"stream {stream.name(key)}: {stream.state.__name__} does not survive JSON, so that there can be no snapshot "
        f"of it: {what}. Use types that do, or declare the stream with snapshot_every=0"
    )
