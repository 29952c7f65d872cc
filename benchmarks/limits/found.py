"""Figures of a thing that is done once: there is no spread, and no round to make a ratio in."""

from __future__ import annotations

from benchmarks.harness.outcome import Outcome, Ratio, Row, Target
from benchmarks.harness.samples import Spread


class Found:
    """What one limit's trial came to, under the heading `figure`."""

    def __init__(self, figure: str) -> None:
        self._figure = figure
        self.outcome = Outcome()

    def row(self, name: str, value: float, unit: str) -> None:
        self.outcome.rows.append(Row(self._figure, name, _once(value), unit))

    def ratio(self, key: str, title: str, value: float, target: Target | None = None) -> None:
        self.outcome.ratios.append(Ratio(key, title, _once(value), target))


def _once(value: float) -> Spread:
    return Spread.of([value])
