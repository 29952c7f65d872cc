"""The tables on the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from benchmarks.harness.outcome import Outcome, Ratio
from benchmarks.harness.samples import Spread

_VERDICTS = {True: "[green]met[/]", False: "[red]missed[/]", None: ""}


def show(console: Console, outcome: Outcome, title: str) -> None:
    rates = Table("figure", "contender", "median", "min - max", "unit", title=title)
    for row in outcome.rows:
        rates.add_row(row.figure, row.name, number(row.spread.median), between(row.spread), row.unit)
    console.print(rates)
    ratios = Table("ratio", "median", "min - max", "target", "", "what it says", title="ratios, made within each round")
    for ratio in outcome.ratios:
        ratios.add_row(*_cells(ratio))
    console.print(ratios)
    for ratio in outcome.ratios:
        if ratio.spread is None:
            console.print(f"[bold red]NOT MEASURED: {ratio.key}: {ratio.note}[/]")


def _cells(ratio: Ratio) -> list[str]:
    target = str(ratio.target or "")
    if ratio.spread is None:
        return [ratio.key, "-", "", target, "[bold red]not measured[/]", ratio.title]
    text = f"{ratio.title} ({ratio.note})" if ratio.note else ratio.title
    median = f"{ratio.spread.median:.3g}"
    return [ratio.key, median, between(ratio.spread), target, _VERDICTS[ratio.met], text]


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def between(spread: Spread) -> str:
    return f"{number(spread.low)} - {number(spread.high)}"
