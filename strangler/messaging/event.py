"""The base class of every event: immutable, past tense, versioned, owned by one bounded context."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from strangler.errors import InvalidEventDefinition
from strangler.messaging.registry import registry

_TYPE = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")


class EventKind(StrEnum):
    """What an event is for. Integration events are the published language; domain events stay inside their context."""

    DOMAIN = "domain"
    INTEGRATION = "integration"
    SYSTEM = "system"


class Event(BaseModel):
    """A fact that has happened.

    Declare one in the `events.py` of the context that owns it::

        class OrderPlaced(Event, type="orders.order_placed", version=1, aggregate="order", key="order_number"):
            order_number: str
            total: Decimal

    `type` is `<owner>.<event_in_past_tense>`. Events with the same `aggregate` and the same value in the field named
    by `key` reach every consumer group in the order in which they were published; `<owner>.<aggregate>` is also the
    topic of a log-based broker, so that this order spans event types. A service that only reads the event
    declares its own class with the same `type` and just the fields it needs (a tolerant reader): unknown fields are
    ignored. Raises `InvalidEventDefinition` when the class is created, naming what is wrong.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    event_type: ClassVar[str] = ""
    version: ClassVar[int]
    owner: ClassVar[str]
    aggregate_type: ClassVar[str]
    key_field: ClassVar[str]
    kind: ClassVar[EventKind]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Takes the class arguments, which only `__pydantic_init_subclass__` can use: fields are known by then."""
        super().__init_subclass__()

    @classmethod
    def __pydantic_init_subclass__(
        cls,
        *,
        type: str | None = None,
        version: int = 1,
        aggregate: str | None = None,
        key: str | None = None,
        kind: EventKind | str = EventKind.INTEGRATION,
        **kwargs: Any,
    ) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if type is None:
            return  # an intermediate base class of somebody's own
        _check_type(cls, type)
        if isinstance(version, bool) or not isinstance(version, int) or version < 1:
            raise InvalidEventDefinition(f"{_where(cls)}: version={version!r} must be a whole number from 1")
        if key not in cls.model_fields:
            fields = ", ".join(cls.model_fields) or "none"
            raise InvalidEventDefinition(
                f"{_where(cls)}: key={key!r} must name the field that identifies the aggregate (fields: {fields})"
            )
        cls.event_type = type
        cls.version = version
        cls.owner = type.partition(".")[0]
        cls.aggregate_type = f"{cls.owner}.{aggregate or cls.owner}"
        cls.key_field = key
        cls.kind = EventKind(kind)
        registry.add(cls)

    @property
    def aggregate_id(self) -> str:
        return str(getattr(self, self.key_field))

    @classmethod
    def wire_type(cls) -> str:
        """The CloudEvents `type`: with the version, so that a reader of the log needs nothing else."""
        return f"{cls.event_type}.v{cls.version}"


def _check_type(cls: type[Event], value: str) -> None:
    if not _TYPE.fullmatch(value):
        raise InvalidEventDefinition(
            f"{_where(cls)}: type={value!r} must be '<owner>.<event_in_past_tense>' in lower case, "
            "for example 'orders.order_placed'"
        )


def _where(cls: type[Event]) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"
