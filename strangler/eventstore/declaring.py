"""`EventStream`: what an aggregate's events are, and how its state comes of them. No database here."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from strangler.errors import EventStoreError
from strangler.eventstore.recorded import Recorded, stream_name
from strangler.eventstore.registry import streams
from strangler.messaging import Event
from strangler.messaging.sealing import to_json

S = TypeVar("S", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Loaded(Generic[S]):
    """`version` is that of the last event in `state`, the next append's `expected`; 0: there is no stream."""

    state: S
    version: int


class EventStream(Generic[S]):
    """Declare one for each kind of aggregate, in the `streams.py` of the app that owns its events.

    `state` is a frozen pydantic model whose defaults mean that nothing has happened yet; `evolve(state, event)` is pure
    and returns the next one. `events` are classes of the newest versions (`kind="domain"`): the upcasters of
    `strangler.messaging` lift older ones. A snapshot is written every `snapshot_every` events (0: never); raise
    `snapshot_version` when `evolve` comes to another state than before. A changed model is noticed without it.
    """

    def __init__(
        self,
        category: str,
        *,
        state: type[S],
        evolve: Callable[[S, Any], S],
        events: tuple[type[Event], ...],
        snapshot_every: int = 100,
        snapshot_version: int = 1,
    ) -> None:
        self.category = category
        self.state = state
        self.events = events
        self.snapshot_every = snapshot_every
        self.snapshot_version = snapshot_version
        self.module = sys._getframe(1).f_globals.get("__name__", "")
        self._evolve = evolve
        self._classes = {event.event_type: event for event in events}
        streams.add(self)

    def load(self, key: str, *, as_of: datetime | None = None, version: int | None = None) -> Loaded[S]:
        """The state now, or when `as_of` was the time (an aware datetime), or after event `version`."""
        return self._load([key], as_of=as_of, version=version)[key]

    def load_many(self, keys: Iterable[str]) -> dict[str, Loaded[S]]:
        """Of each key, by one statement."""
        return self._load(list(dict.fromkeys(keys)))

    def append(self, key: str, events: Sequence[Event], *, expected: int) -> int:
        """Record `events` as the next of the stream in the transaction in force; returns the stream's new version.

        `expected` is the version that the decision was made on. Raises `ConcurrencyConflict` where it is not the
        stream's: nothing was recorded then, and the transaction goes on. Raises `NotInTransaction` outside
        `transaction.atomic()`, and `EventStoreError` for an event that is not this stream's.
        """
        return self.append_many({key: (expected, events)})[key]

    def append_many(self, changes: Mapping[str, tuple[int, Sequence[Event]]]) -> dict[str, int]:
        """Like `append()`, by key: expected version and events. All of them, or with `ConcurrencyConflict` none."""
        from strangler.eventstore.appending import append  # it needs the app registry

        return append(self, changes)

    def history(self, key: str, *, after: int = 0) -> list[Recorded]:
        """Every event of the stream, in order; with `after` those since that version."""
        from strangler.eventstore.loading import history  # it needs the app registry

        return history(self, key, after=after)

    def evolve(self, state: S, event: Event) -> S:
        """Raises `EventStoreError` where the declared function returns something else than a state."""
        found = self._evolve(state, event)
        if not isinstance(found, self.state):
            raise EventStoreError(
                f"evolve of stream {self.category!r} returned {found!r} for {type(event).__name__}: return a "
                f"{self.state.__name__}, unchanged where the event changes nothing"
            )
        return found

    def class_of(self, event_type: str) -> type[Event] | None:
        return self._classes.get(event_type)

    def name(self, key: str) -> str:
        return stream_name(self.category, key)

    @cached_property
    def shape(self) -> str:
        """What a snapshot has to be of to be read: `snapshot_version` and the model's fields."""
        schema = to_json(self.state.model_json_schema(mode="serialization"))
        return f"{self.snapshot_version}-{sha256(schema.encode()).hexdigest()[:16]}"

    def _load(
        self, keys: list[str], *, as_of: datetime | None = None, version: int | None = None
    ) -> dict[str, Loaded[S]]:
        from strangler.eventstore.loading import load  # it needs the app registry

        return load(self, keys, as_of=as_of, version=version)
