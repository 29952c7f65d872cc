"""Every figure beside its limit and its peers: `make bench`, or `make bench QUICK=1` for one that ends in five minutes.

The last line is one JSON object of ratios, null where something was not measured. A full run writes docs/benchmarks.md
and docs/img/benchmarks.svg.
"""

from __future__ import annotations

import sys
import time
import traceback
from types import ModuleType

from benchmarks import backlog, consume, engine, history, latency, memory, publish, relay, two
from benchmarks.harness import page
from benchmarks.harness.alone import arguments, console_of_any_width, progress
from benchmarks.harness.machine import busy, machine
from benchmarks.harness.outcome import Outcome, Tick
from benchmarks.harness.samples import why_it_failed
from benchmarks.harness.scale import QUICK, Scale
from benchmarks.harness.table import show
from benchmarks.stack import Stack

FIGURES = (publish, relay, consume, engine, latency, history, backlog, two, memory)
QUICK_SECONDS = 240
"""After so much of a quick run no other figure is begun: it has to end within five minutes."""


def main() -> int:
    """The exit status: 1 where a figure failed."""
    scale = arguments(__doc__)
    console = console_of_any_width()
    started, load = time.monotonic(), busy()
    outcome = Outcome()
    failed = 0
    with progress(console, len(FIGURES)) as (tick, done), Stack() as stack:
        for figure in FIGURES:
            if scale.name == QUICK.name and time.monotonic() - started > QUICK_SECONDS:
                _leave_out(outcome, figure, f"{QUICK_SECONDS / 60:g} of the five minutes of a quick run were over")
            else:
                failed += not _measure(outcome, figure, stack, scale, tick)
            done()
    title = f"{scale.name} run of {(time.monotonic() - started) / 60:.0f} minutes on {machine()}, {load}"
    show(console, outcome, title)
    if scale.name == QUICK.name:
        console.print(f"[bold yellow]{_QUICK}[/]")
    else:
        page.write(outcome, scale, title)
    print(outcome.as_json(), flush=True)
    return 1 if failed else 0


def _measure(outcome: Outcome, figure: ModuleType, stack: Stack, scale: Scale, tick: Tick) -> bool:
    """A figure that fails is told, and the others are measured all the same: they took long enough."""
    name = figure.__name__.rpartition(".")[2]
    try:
        outcome.extend(figure.measure(stack, scale, lambda what: tick(f"{name}: {what}")))
    except (AssertionError, RuntimeError) as error:
        traceback.print_exc()
        _leave_out(outcome, figure, why_it_failed(error))
        return False
    return True


def _leave_out(outcome: Outcome, figure: ModuleType, why: str) -> None:
    for key in figure.KEYS:
        outcome.not_measured(key, str(figure.__doc__).partition(":")[0], why)


_QUICK = (
    "QUICK: few rounds of few events, and less backlog and history than the ratios' names say. It tells whether "
    "something broke; for figures to quote, run `make bench`."
)

if __name__ == "__main__":
    sys.exit(main())
