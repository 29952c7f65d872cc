"""Are two answers the same, and if not, where: a cause is a list of places, so a thousand mismatches have one cause."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from pydantic import TypeAdapter

Plain = Any
"""What JSON has: None, bool, int, float, str, list, dict with names."""

_ANYTHING: TypeAdapter[Any] = TypeAdapter(Any)
_PLACES_IN_A_CAUSE = 5
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Finding:
    """One comparison. Without a `cause` both sides gave the same answer, or none that could be held against another.

    `unsettled`: they differed, and the monolith's own answer had changed when they were looked at again.
    """

    capability: str
    arguments: str
    monolith: Plain
    service: Plain
    cause: str
    unsettled: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """What may differ. `ignore` are places such as `generated_at` or `lines[*].id`, with all that is below them.

    `normalise` is given each answer, before it becomes plain, and returns what is to be compared: a sorted list, a
    rounded figure.
    """

    ignore: tuple[str, ...] = ()
    normalise: Callable[[Any], Any] | None = None

    def plain(self, answer: object) -> Plain:
        """Decimals and dates as text, models and dataclasses as dicts. What JSON cannot say is said by its `repr`."""
        told = self.normalise(answer) if self.normalise else answer
        return _ANYTHING.dump_python(told, mode="json", fallback=repr)

    def differences(self, ours: Plain, theirs: Plain) -> list[str]:
        """Places, each once, in order: `lines[*].price`; `(whole)` is the answer itself."""
        found = (place for place in _differing(ours, theirs, "") if not self._ignores(place))
        return sorted({place or "(whole)" for place in found})

    def _ignores(self, place: str) -> bool:
        return any(re.fullmatch(rf"{re.escape(ignored)}([.\[].*)?", place) for ignored in self.ignore)


def raised(error: Exception) -> Plain:
    """An error is an answer, too: where both sides refuse for the same reason, they agree."""
    return {"raised": type(error).__name__}


def cause_of(places: list[str]) -> str:
    shown = places[:_PLACES_IN_A_CAUSE]
    more = len(places) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _differing(ours: Plain, theirs: Plain, place: str) -> Iterator[str]:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in {**ours, **theirs}:
            below = f"{place}.{name}" if place else str(name)
            yield from _differing(ours.get(name, _MISSING), theirs.get(name, _MISSING), below)
    elif isinstance(ours, list) and isinstance(theirs, list):
        for one, other in zip_longest(ours, theirs, fillvalue=_MISSING):
            yield from _differing(one, other, f"{place}[*]")
    elif type(ours) is not type(theirs) or ours != theirs:
        yield place
