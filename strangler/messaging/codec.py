"""From envelope to the event a handler reads: upcast, then validate."""

from __future__ import annotations

from typing import TypeVar

from pydantic import ValidationError

from strangler.errors import InvalidEvent
from strangler.messaging.envelope import Envelope
from strangler.messaging.event import Event
from strangler.messaging.upcasters import upcast

E = TypeVar("E", bound=Event)


def open_as(envelope: Envelope, event_class: type[E]) -> E:
    """Raises `MissingUpcaster` or `InvalidEvent`, which names each field at fault."""
    data = upcast(envelope.data, envelope.event_type, version=envelope.version, to_version=event_class.version)
    try:
        return event_class.model_validate(data)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()[:5])
        raise InvalidEvent(
            f"{envelope.type} {envelope.id} does not fit {event_class.__qualname__}: {faults}"
        ) from error
