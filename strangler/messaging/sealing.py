"""Writes an event down as the message it will be on the wire, all at once: `Envelope` is for those who read.

Nothing here is checked again: type, source and event were when they were declared, set and made.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from json import JSONEncoder
from typing import Any, NamedTuple
from uuid import UUID

from strangler.messaging import context, trace
from strangler.messaging.event import Event
from strangler.messaging.ids import new_id

to_json: Callable[[Any], str] = JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


class Sealed(NamedTuple):
    """`text` is stored in the outbox, carried by every relay and delivered by every broker, byte for byte."""

    id: UUID
    aggregate_id: str
    text: str


class Sealer:
    """Who, when and on whose behalf: the same for all events that are published together.

    `source`, `stages` and `backfill` as in `Envelope`; the rest is the work context in force.
    """

    def __init__(self, source: str, stages: str | None = None, *, backfill: str | None = None) -> None:
        work = context.current()
        self.time = wire_time(datetime.now(UTC))
        self.correlation_id = work.correlation_id
        self._source = source
        self._span = trace.children_of(work.traceparent)
        causation = f',"causationid":{to_json(work.causation_id)}' if work.causation_id else ""
        self._work = f'"correlationid":{to_json(work.correlation_id)}{causation}'
        self._marks = f'"stages":{to_json(stages)},' if stages else ""
        self._marks += f'"backfill":{to_json(backfill)},' if backfill else ""

    def seal(self, event: Event) -> Sealed:
        id, aggregate_id = new_id(), event.aggregate_id
        origin, schema, kind = _constants(type(event), self._source)
        text = (
            f'{{"specversion":"1.0","id":"{id}",{origin},"subject":{to_json(aggregate_id)},"time":"{self.time}",'
            f'{schema},"partitionkey":{to_json(f"{event.aggregate_type}:{aggregate_id}")},{self._work},'
            f'"traceparent":"{self._span()}",{kind},{self._marks}'
            f'"data":{to_json(event.model_dump(mode="json"))}}}'
        )
        return Sealed(id, aggregate_id, text)


@cache
def _constants(event: type[Event], source: str) -> tuple[str, str, str]:
    """What is the same for all events of a class, in the three places where it stands."""
    name = event.event_type.partition(".")[2]
    return (
        f'"source":{to_json(f"{source}/{event.owner}")},"type":"{event.wire_type()}"',
        f'"datacontenttype":"application/json","dataschema":"{event.owner}/{name}.v{event.version}.schema.json"',
        f'"eventkind":"{event.kind}"',
    )


def wire_time(moment: datetime) -> str:
    """RFC 3339, of a moment in UTC."""
    return moment.isoformat().removesuffix("+00:00") + "Z"
