"""Every kind of stream and every projection of this process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from strangler.errors import EventStoreError

if TYPE_CHECKING:
    from strangler.eventstore.declaring import EventStream
    from strangler.eventstore.projecting import Projection


class Streams:
    """Of several of one category the first counts; a system check says so."""

    def __init__(self) -> None:
        self._all: list[EventStream[Any]] = []

    def add(self, stream: EventStream[Any]) -> None:
        self._all.append(stream)

    def find(self, category: str) -> EventStream[Any]:
        """Raises `EventStoreError`."""
        for stream in self._all:
            if stream.category == category:
                return stream
        known = ", ".join(stream.category for stream in self._all) or "none: is there a streams.py in an installed app?"
        raise EventStoreError(f"no EventStream({category!r}, …) is declared here (known: {known})")

    def __iter__(self) -> Iterator[EventStream[Any]]:
        return iter(self._all)


class Projections:
    """Of several with one name the first counts; a system check says so."""

    def __init__(self) -> None:
        self._all: list[Projection] = []

    def add(self, projection: Projection) -> None:
        self._all.append(projection)

    def named(self, *names: str) -> list[Projection]:
        """All of them without a name. Raises `EventStoreError` for one that is not declared."""
        known: dict[str, Projection] = {}
        for projection in self._all:
            known.setdefault(projection.name, projection)
        for name in names:
            if name not in known:
                listed = ", ".join(sorted(known)) or "none: is there a projections.py in an installed app?"
                raise EventStoreError(f"there is no projection {name!r} here (known: {listed})")
        return [known[name] for name in dict.fromkeys(names or sorted(known))]

    def __iter__(self) -> Iterator[Projection]:
        return iter(self._all)


streams = Streams()
projections = Projections()


def all_streams() -> tuple[EventStream[Any], ...]:
    """Those declared by now. As `streams=all_streams` it gives a projection those of the whole project."""
    return tuple(streams)
