"""From a row to the event that code knows: upcast, then validated."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import ValidationError

from strangler.errors import MissingUpcaster, UnreadableEvent
from strangler.eventstore.declaring import EventStream
from strangler.eventstore.recorded import Recorded
from strangler.messaging import Event, upcast


class Row(NamedTuple):
    """As it is in the table; in this order its columns are selected."""

    position: int
    transaction_id: int
    category: str
    key: str
    version: int
    type: str
    data: str
    recorded_at: datetime
    correlation_id: str
    causation_id: str


COLUMNS = ", ".join(f"e.{column}" for column in Row._fields)


def recorded(row: Row, stream: EventStream[Any]) -> Recorded:
    """Raises `UnreadableEvent`."""
    return Recorded(
        position=row.position,
        category=row.category,
        key=row.key,
        version=row.version,
        event=open_event(stream, row.key, row.version, row.type, row.data),
        recorded_at=row.recorded_at,
        correlation_id=row.correlation_id,
        causation_id=row.causation_id,
    )


def open_event(stream: EventStream[Any], key: str, version: int, wire_type: str, data: str) -> Event:
    """Raises `UnreadableEvent`."""
    where = f"event {version} of stream {stream.name(key)} is {wire_type}"
    event_type, _, recorded_version = wire_type.rpartition(".v")
    event_class = stream.class_of(event_type)
    if event_class is None:
        known = ", ".join(sorted(event.wire_type() for event in stream.events))
        raise UnreadableEvent(
            f"{where}, which EventStream({stream.category!r}) does not know (known: {known}): declare its class in "
            f"events=; what has been recorded is never taken out of them"
        )
    try:
        return _validated(event_class, int(recorded_version), data)
    except MissingUpcaster as error:
        raise UnreadableEvent(f"{where}: {error}") from error
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()[:5])
        raise UnreadableEvent(
            f"{where}, and does not fit {event_class.__qualname__}: {faults}. Give new fields a default, or raise "
            "version= and register an @upcaster"
        ) from error


def _validated(event_class: type[Event], version: int, data: str) -> Event:
    """As text where nothing has to be lifted: twice as fast."""
    if version == event_class.version:
        return event_class.model_validate_json(data)
    lifted = upcast(json.loads(data), event_class.event_type, version=version, to_version=event_class.version)
    return event_class.model_validate(lifted)
