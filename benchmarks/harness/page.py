"""`docs/benchmarks.md` and its picture: the last full run, written by the run itself."""

from __future__ import annotations

from dataclasses import fields
from itertools import groupby
from pathlib import Path

from benchmarks.harness import bounds
from benchmarks.harness.outcome import Outcome, Ratio
from benchmarks.harness.picture import draw
from benchmarks.harness.scale import Scale
from benchmarks.harness.table import between, number

DOCS = Path(__file__).resolve().parents[2] / "docs"
_HEAD = """\
# Benchmarks

`make bench` has written this page: a {title}. No figure in it was typed by hand.

![Each ratio with its target](img/benchmarks.svg)

A ratio is made within each round, in which the contenders take turns on the same servers, and what stands here is the
median of the rounds, with the lowest and the highest. Absolute figures are this machine's; ratios travel better. What
is measured how is at the head of each module in [`benchmarks/`](../benchmarks), what each peer was set to, and which
were left out, in [`benchmarks/peers/`](../benchmarks/peers). Counts: {counts}.

"""
_RATIOS = "| ratio | median | min - max | target | | |\n|---|---|---|---|---|---|\n"
_RATES = "| contender | median | min - max | unit |\n|---|---|---|---|\n"
_VERDICTS = {True: "met", False: "**missed**", None: ""}


def write(outcome: Outcome, scale: Scale, title: str, docs: Path = DOCS) -> None:
    (docs / "img").mkdir(parents=True, exist_ok=True)
    (docs / "benchmarks.md").write_text(text(outcome, scale, title), encoding="utf-8")
    (docs / "img" / "benchmarks.svg").write_text(draw(outcome.ratios), encoding="utf-8")


def text(outcome: Outcome, scale: Scale, title: str) -> str:
    counts = ", ".join(
        f"{field.name} {getattr(scale, field.name):,}" for field in fields(scale) if field.name != "name"
    )
    return _HEAD.format(title=title, counts=counts) + tables(outcome) + bounds.section(outcome)


def tables(outcome: Outcome) -> str:
    """In Markdown: the ratios, and then what each contender came to."""
    parts = ["## Ratios\n\n", _RATIOS]
    parts += [_ratio(ratio) for ratio in outcome.ratios]
    for figure, rows in groupby(outcome.rows, key=lambda row: row.figure):
        parts += [f"\n## {figure[0].upper()}{figure[1:]}\n\n", _RATES]
        parts += [
            f"| {row.name} | {number(row.spread.median)} | {between(row.spread)} | {row.unit} |\n" for row in rows
        ]
    return "".join(parts)


def _ratio(ratio: Ratio) -> str:
    target = str(ratio.target or "")
    if ratio.spread is None:
        return f"| `{ratio.key}` | - | | {target} | **not measured** | {ratio.title}: {ratio.note} |\n"
    what = f"{ratio.title} ({ratio.note})" if ratio.note else ratio.title
    cells = f"`{ratio.key}`", f"{ratio.spread.median:.3g}", between(ratio.spread), target, _VERDICTS[ratio.met], what
    return f"| {' | '.join(cells)} |\n"
