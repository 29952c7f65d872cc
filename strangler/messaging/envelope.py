"""The message on the wire: one CloudEvents 1.0 JSON document in structured mode.

Attributes: <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md>; `partitionkey`, `correlationid`,
`causationid` and `traceparent` are its documented extensions, `eventkind`, `stages` and `backfill` are ours.
"""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator

from strangler.errors import InvalidEnvelope
from strangler.messaging import trace
from strangler.messaging.event import Event, EventKind
from strangler.messaging.routing import routing_key
from strangler.messaging.sealing import Sealer, to_json

CONTENT_TYPE = "application/cloudevents+json"
_WIRE_TYPE = r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*\.v[1-9][0-9]*$"


class Envelope(BaseModel):
    """Immutable. `stages` says which side serves each context, as decided where and when the event was published.

    `backfill` is the consumer group for which a row's present state was told once more; None: it has just happened.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"] = "1.0"
    id: UUID
    source: str = Field(min_length=1)
    type: str = Field(pattern=_WIRE_TYPE)
    subject: str
    time: AwareDatetime
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: str
    partitionkey: str
    correlationid: str
    causationid: str | None = None
    traceparent: str
    eventkind: EventKind
    stages: str | None = None
    backfill: str | None = None
    data: dict[str, Any]

    @field_validator("traceparent")
    @classmethod
    def _traceparent_is_w3c(cls, value: str) -> str:
        if not trace.is_valid(value):
            raise ValueError("not a W3C traceparent, for example 00-<32 hex digits>-<16 hex digits>-01")
        return value

    @property
    def event_type(self) -> str:
        """The type without its version."""
        return self.type.rpartition(".v")[0]

    @property
    def routing_key(self) -> str:
        return routing_key(self.event_type, backfill=self.backfill)

    @property
    def version(self) -> int:
        return int(self.type.rpartition(".v")[2])


def seal(event: Event, *, source: str, stages: str | None = None) -> Envelope:
    """Wrap an event with who, when and on whose behalf, taken from the work context in force."""
    return decode(Sealer(source, stages).seal(event).text)


def encode(envelope: Envelope) -> str:
    """The text that `decode` read, if it was one of ours."""
    document = envelope.model_dump(mode="json", exclude={"data"}, exclude_none=True)
    return to_json({**document, "data": envelope.data})


def decode(body: bytes | str) -> Envelope:
    """Raises `InvalidEnvelope` naming each attribute that is missing or wrong."""
    try:
        return Envelope.model_validate_json(body)
    except ValidationError as error:
        problems = "; ".join(f"{_path(item['loc'])}: {item['msg']}" for item in error.errors()[:5])
        raise InvalidEnvelope(f"not a CloudEvents 1.0 envelope: {problems}") from error


def _path(location: tuple[int | str, ...]) -> str:
    return ".".join(str(step) for step in location) or "document"
