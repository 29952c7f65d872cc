"""Contenders take turns, round by round; a ratio is made within each round, so that a slow minute hurts both sides."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from statistics import median

Measure = Callable[[], float]
LINE = "\n"


@dataclass(frozen=True)
class Spread:
    """The median of the rounds, with the lowest and the highest."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> Spread:
        """Raises ValueError for no values at all: nothing was measured."""
        if not values:
            raise ValueError("no rounds were measured")
        return cls(median(values), min(values), max(values))


@dataclass
class Samples:
    """`values[name][round]`, all lists of one length; who failed is in `failed` instead, with the reason."""

    values: dict[str, list[float]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, value: float) -> None:
        self.values.setdefault(name, []).append(value)

    def give_up(self, name: str, error: Exception) -> None:
        """Of a contender that did not do its work, no figure counts."""
        self.values.pop(name, None)
        self.failed[name] = f"it failed: {str(error).partition(LINE)[0]}"

    def spread(self, name: str) -> Spread:
        return Spread.of(self.values[name])

    def ratio(self, name: str, base: str) -> Spread:
        """`name` over `base`, round by round."""
        pairs = zip(self.values[name], self.values[base], strict=True)
        return Spread.of([value / other for value, other in pairs])

    def best(self, names: list[str], *, highest: bool = True) -> str:
        """Whose median is best."""
        return (max if highest else min)(names, key=lambda name: self.spread(name).median)


def take_turns(
    contenders: Mapping[str, Measure], rounds: int, tick: Callable[[str], None], *, may_fail: Collection[str] = ()
) -> Samples:
    """Everybody once a round; who begins changes, so that nobody always comes after the same neighbour.

    One of those that `may_fail` (they are not ours to mend) takes no further part once it has.
    """
    samples = Samples()
    names = list(contenders)
    for number in range(rounds):
        start = number % len(names)
        for name in names[start:] + names[:start]:
            if name in samples.failed:
                continue
            tick(f"{name}, round {number + 1} of {rounds}")
            try:
                samples.add(name, contenders[name]())
            except (AssertionError, RuntimeError) as error:
                if name not in may_fail:
                    raise
                samples.give_up(name, error)
    return samples
