"""Contenders take turns, round by round; a ratio is made within each round, so that a slow minute hurts both sides."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
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

    @contextmanager
    def measuring(self, name: str, may_fail: Collection[str]) -> Iterator[None]:
        """Of one of those that `may_fail` (they are not ours to mend) no figure counts once it has.

        Its figures are `values[name]`, and those whose names begin with `name` and a comma.
        """
        try:
            yield
        except (AssertionError, RuntimeError) as error:
            if name not in may_fail:
                raise
            self.failed[name] = why_it_failed(error)
            for figure in [key for key in self.values if key == name or key.startswith(f"{name}, ")]:
                del self.values[figure]

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
    """Everybody once a round; who begins changes, so that nobody always comes after the same neighbour."""
    samples = Samples()
    names = list(contenders)
    for number in range(rounds):
        start = number % len(names)
        for name in names[start:] + names[:start]:
            if name in samples.failed:
                continue
            tick(f"{name}, round {number + 1} of {rounds}")
            with samples.measuring(name, may_fail):
                samples.add(name, contenders[name]())
    return samples


def why_it_failed(error: Exception) -> str:
    """Its first line; what follows may be a log."""
    return f"it failed: {str(error).partition(LINE)[0]}"
