"""Every figure beside its limit and its peers: `make bench`, or `make bench QUICK=1` for one that ends in five minutes.

The last line is one JSON object of ratios, null where something was not measured. A full run writes docs/benchmarks.md
and docs/img/benchmarks.svg.
"""

from __future__ import annotations

import time

from rich.console import Console

from benchmarks import backlog, consume, engine, history, latency, memory, publish, relay, two
from benchmarks.harness import page
from benchmarks.harness.alone import arguments, console_of_any_width, progress
from benchmarks.harness.machine import machine
from benchmarks.harness.outcome import Outcome
from benchmarks.harness.scale import FULL
from benchmarks.harness.table import show
from benchmarks.stack import Stack

FIGURES = (publish, relay, engine, consume, latency, backlog, history, two, memory)


def main() -> None:
    scale = arguments(__doc__)
    console = console_of_any_width()
    started = time.monotonic()
    outcome = Outcome()
    with progress(console) as tick, Stack() as stack:
        for figure in FIGURES:
            outcome.extend(figure.measure(stack, scale, tick))
    title = f"{scale.name} run of {(time.monotonic() - started) / 60:.0f} minutes on {machine()}"
    show(console, outcome, title)
    _say_what_it_is(console, scale.name)
    if scale.name == FULL.name:
        page.write(outcome, scale, title)
    print(outcome.as_json(), flush=True)


def _say_what_it_is(console: Console, name: str) -> None:
    if name != FULL.name:
        console.print(
            "[bold yellow]QUICK: few rounds of few events, and less backlog and history than the ratios' names say. "
            "It tells whether something broke; for figures to quote, run `make bench`.[/]"
        )


if __name__ == "__main__":
    main()
