"""`@projection`: what is read off streams, written down for queries. Made again from the streams at any time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from strangler.eventstore.declaring import EventStream
from strangler.eventstore.recorded import Recorded
from strangler.eventstore.registry import projections

Handler = Callable[[Sequence[Recorded]], None]
Chosen = Sequence[EventStream[Any]] | Callable[[], Sequence[EventStream[Any]]]


@dataclass(frozen=True, slots=True)
class Projection:
    """`handle` is given events in global order, in one transaction with the checkpoint; `reset` empties its tables."""

    name: str
    streams: Chosen
    handle: Handler
    reset: Callable[[], None]

    @property
    def categories(self) -> list[str]:
        chosen = self.streams() if callable(self.streams) else self.streams
        return sorted({stream.category for stream in chosen})

    @property
    def module(self) -> str:
        return self.handle.__module__


def projection(name: str, *, streams: Chosen, reset: Callable[[], None]) -> Callable[[Handler], Handler]:
    """Declare one in the `projections.py` of an installed app; `manage.py project` calls the function with batches.

    `streams=all_streams` is every one that the project declares. `reset()` has to delete all that the function ever
    wrote: a rebuild calls it and begins with the first event.
    """

    def declare(handle: Handler) -> Handler:
        projections.add(Projection(name, streams, handle, reset))
        return handle

    return declare
