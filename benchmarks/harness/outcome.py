"""What a figure comes to: rates as they were measured, ratios with their targets, and what could not be measured."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.harness.samples import Samples, Spread

Tick = Callable[[str], None]
"""Says what is being measured now."""


@dataclass(frozen=True)
class Target:
    """`at_least` is told by the sign: a ratio of speeds should be high, one of times or costs low."""

    value: float
    at_least: bool

    def met(self, ratio: float) -> bool:
        return ratio >= self.value if self.at_least else ratio <= self.value

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.value:g}"


def at_least(value: float) -> Target:
    return Target(value, at_least=True)


def at_most(value: float) -> Target:
    return Target(value, at_least=False)


@dataclass(frozen=True)
class Ratio:
    """`key` is its name in the JSON line. Without a spread it was not measured, and `note` says why."""

    key: str
    title: str
    spread: Spread | None
    target: Target | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        if self.spread is None or self.target is None:
            return None
        return self.target.met(self.spread.median)


@dataclass(frozen=True)
class Row:
    """One contender's own figure, in `unit`."""

    figure: str
    name: str
    spread: Spread
    unit: str


@dataclass
class Outcome:
    rows: list[Row] = field(default_factory=list)
    ratios: list[Ratio] = field(default_factory=list)

    def add_rows(self, figure: str, samples: Samples, unit: str) -> None:
        self.rows += [Row(figure, name, samples.spread(name), unit) for name in samples.values]

    def add_ratio(self, key: str, title: str, spread: Spread, target: Target | None = None, note: str = "") -> None:
        self.ratios.append(Ratio(key, title, spread, target, note))

    def not_measured(self, key: str, title: str, why: str, target: Target | None = None) -> None:
        self.ratios.append(Ratio(key, title, None, target, why))

    def extend(self, other: Outcome) -> None:
        self.rows += other.rows
        self.ratios += other.ratios

    def as_json(self) -> str:
        """One line; null for what was not measured. Raises ValueError for a key that two ratios share."""
        ratios = {ratio.key: ratio.spread and round(ratio.spread.median, 3) for ratio in self.ratios}
        if len(ratios) != len(self.ratios):
            raise ValueError("two ratios have the same key")
        return json.dumps(ratios)
