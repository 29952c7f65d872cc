"""What a folder of contracts says: each version of each event that is published, and each need of a consumer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from strangler.messaging.contracts import path_of

Schema = Mapping[str, Any]
NEEDS = "needs"
EVENT, NEED = "x-event", "x-need"


@dataclass(frozen=True, slots=True)
class Published:
    """One version of one event. `retired`: nobody publishes it any more, and logs may still hold it.

    `source` is the project whose export wrote it. Without `x-event`, as in schemas of other tools, what they would say
    is empty.
    """

    type: str
    version: int
    schema: Schema = field(hash=False)
    source: str = ""
    topic: str = ""
    key: str = ""
    retired: bool = False

    @property
    def owner(self) -> str:
        return self.type.partition(".")[0]

    @property
    def wire_type(self) -> str:
        return f"{self.type}.v{self.version}"

    @property
    def path(self) -> str:
        return str(path_of(self.type, self.version))

    @property
    def example(self) -> Any:
        """None where there is none."""
        return next(iter(self.schema.get("examples", ())), None)


@dataclass(frozen=True, slots=True)
class Need:
    """What consumer group `group` of project `source` asks of an event: `schema` is of all that its `handler` reads.

    It reads version `version`, and what its upcasters lift to that: everything from `oldest` on.
    """

    group: str
    source: str
    handler: str
    type: str
    version: int
    oldest: int
    schema: Schema = field(hash=False)

    @property
    def wire_type(self) -> str:
        return f"{self.type}.v{self.version}"

    @property
    def path(self) -> str:
        return f"{NEEDS}/{self.group}/{self.wire_type}.schema.json"

    def __str__(self) -> str:
        return f"{self.group} ({self.handler})"


@dataclass(frozen=True)
class Language:
    """The published language: all of it that is known."""

    events: Sequence[Published] = ()
    needs: Sequence[Need] = ()
    _by_wire_type: dict[str, Published] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_wire_type", {event.wire_type: event for event in self.events})

    def of(self, wire_type: str) -> Published | None:
        return self._by_wire_type.get(wire_type)

    def versions(self, event_type: str) -> list[Published]:
        """The oldest first."""
        return sorted((each for each in self.events if each.type == event_type), key=lambda each: each.version)

    def needs_of(self, event_type: str) -> list[Need]:
        return [need for need in self.needs if need.type == event_type]

    def types(self) -> list[str]:
        return sorted({event.type for event in self.events})
