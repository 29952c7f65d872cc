"""Geometry of the dashboard's charts: plain numbers that a template writes as SVG. No JavaScript, no library."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

WIDTH, HEIGHT = 960, 260
LEFT, RIGHT, TOP, BOTTOM = 64, 8, 12, 28
STEPS = 4  # lines of the grid above zero
EASY = [Decimal(n) for n in ("1", "1.5", "2", "2.5", "3", "4", "5", "6", "8", "10")]
LABELS = 8  # at most so many below the bars: more would run into each other


class Bar(NamedTuple):
    x: float
    y: float
    width: float
    height: float
    title: str


class Mark(NamedTuple):
    at: float
    label: str


@dataclass(frozen=True)
class BarChart:
    bars: Sequence[Bar]
    grid: Sequence[Mark]
    ticks: Sequence[Mark]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    base: int = HEIGHT - BOTTOM


class Column(NamedTuple):
    label: str
    value: Decimal
    title: str


def bar_chart(columns: Sequence[Column]) -> BarChart:
    top = round_above(max((column.value for column in columns), default=Decimal(0)))
    slot = (WIDTH - LEFT - RIGHT) / max(len(columns), 1)
    room = HEIGHT - TOP - BOTTOM
    gap = min(slot * 0.2, 4)
    bars = [
        _bar(LEFT + i * slot + gap / 2, slot - gap, float(column.value / top) * room, column.title)
        for i, column in enumerate(columns)
    ]
    grid = [Mark(_rounded(HEIGHT - BOTTOM - room * n / STEPS), f"{top * n / STEPS:,.0f}") for n in range(STEPS + 1)]
    every = -(-len(columns) // LABELS) or 1
    ticks = [Mark(_rounded(LEFT + (i + 0.5) * slot), columns[i].label) for i in range(0, len(columns), every)]
    return BarChart(bars, grid, ticks)


def round_above(value: Decimal) -> Decimal:
    """The next number of which a quarter, where a line of the grid stands, is easily read: 40, 60, 80, 100, 120 …"""
    scale = Decimal(40)
    while scale * 10 < value:
        scale *= 10
    return next(scale * factor for factor in EASY if scale * factor >= value)


def shares(values: Iterable[Decimal | float | int]) -> list[float]:
    """Each as per cent of the largest: the lengths of bars in a table."""
    numbers = [float(value) for value in values]
    largest = max(numbers, default=0) or 1
    return [_rounded(100 * number / largest) for number in numbers]


def _bar(x: float, width: float, height: float, title: str) -> Bar:
    return Bar(_rounded(x), _rounded(HEIGHT - BOTTOM - height), _rounded(width), _rounded(height), title)


def _rounded(number: float) -> float:
    return round(number, 2)
