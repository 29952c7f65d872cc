"""Who buys and what is bought: some far oftener than others, and nobody before there was such a customer or product."""

from bisect import bisect
from collections.abc import Iterable
from datetime import datetime
from itertools import accumulate
from random import Random
from typing import Generic, NamedTuple, TypeVar

Thing = TypeVar("Thing")


class Entry(NamedTuple, Generic[Thing]):
    since: datetime
    weight: float
    thing: Thing


class Pool(Generic[Thing]):
    def __init__(self, entries: Iterable[Entry[Thing]]) -> None:
        """Entries of the same moment keep their order."""
        entries = sorted(entries, key=lambda entry: entry.since)
        self._since = [entry.since for entry in entries]
        self._things = [entry.thing for entry in entries]
        self._weights = list(accumulate(entry.weight for entry in entries))

    @property
    def since(self) -> datetime | None:
        """When the first one came; None where there is none."""
        return self._since[0] if self._since else None

    def pick(self, dice: Random, at: datetime) -> Thing:
        """One of those there were at that moment, by weight. There must be one: look at `since` first."""
        there = bisect(self._since, at)
        return self._things[bisect(self._weights, dice.random() * self._weights[there - 1], 0, there - 1)]


def weight(dice: Random) -> float:
    """The few that make most of the business: Pareto's, capped so that no single one is the whole shop."""
    return min(dice.paretovariate(1.15), 60.0)
