"""One figure by itself: `python -m benchmarks.consume --rounds 5`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from benchmarks.harness.machine import busy, machine
from benchmarks.harness.outcome import Outcome, Tick
from benchmarks.harness.scale import FULL, QUICK, Scale
from benchmarks.harness.table import show
from benchmarks.stack import Stack

Figure = Callable[[Stack, Scale, Tick], Outcome]


def alone(figure: Figure, description: str | None) -> None:
    """The command line of a figure's module. Every count of the scale is an option."""
    scale = arguments(description)
    console = console_of_any_width()
    load = busy()
    with progress(console) as (tick, _), Stack() as stack:
        outcome = figure(stack, scale, tick)
    show(console, outcome, f"{scale.name} run on {machine()}, {load}")
    print(outcome.as_json())


def console_of_any_width() -> Console:
    """Where nobody looks (a pipe, a file), tables are as wide as they need to be."""
    return Console(width=None if sys.stdout.isatty() else 200)


@contextmanager
def progress(console: Console, total: int | None = None) -> Iterator[tuple[Tick, Callable[[], None]]]:
    """Yields what says what is going on, and what counts one of `total` as done. A file gets a line for each."""
    if not console.is_terminal:
        yield console.print, lambda: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting the servers", total=total)
        yield lambda what: bar.update(task, description=what), lambda: bar.advance(task)


def arguments(description: str | None) -> Scale:
    """What the command line asks for: one of the two scales, with the counts that are given."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds of fewer events")
    counts = [field.name for field in fields(Scale) if field.name != "name"]
    for name in counts:
        parser.add_argument(f"--{name.replace('_', '-')}", type=int)
    options = vars(parser.parse_args())
    given = {name: options[name] for name in counts if options[name] is not None}
    return replace(QUICK if options["quick"] else FULL, **given)
