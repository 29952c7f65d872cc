"""Every event class this process knows, so that checks and pictures can be drawn from code instead of from memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strangler.messaging.event import Event


class EventRegistry:
    """Event classes by wire type. An owner's class and a reader's view of the same event may stand side by side."""

    def __init__(self) -> None:
        self._classes: dict[tuple[str, str], type[Event]] = {}

    def add(self, event_class: type[Event]) -> None:
        name = f"{event_class.__module__}.{event_class.__qualname__}"
        self._classes[event_class.wire_type(), name] = event_class

    def __iter__(self) -> Iterator[type[Event]]:
        return iter(self._classes.values())

    def declared_as(self, wire_type: str) -> list[type[Event]]:
        return [cls for (known, _), cls in self._classes.items() if known == wire_type]


registry = EventRegistry()
