"""What the kit does at its edges: `python -m benchmarks.limits --minutes 60` writes docs/limits.md."""

from __future__ import annotations

import argparse
import time

from benchmarks.harness.alone import console_of_any_width, progress
from benchmarks.harness.machine import machine
from benchmarks.harness.outcome import Outcome
from benchmarks.harness.table import show
from benchmarks.limits import outage, page, shapes, slow
from benchmarks.stack import Stack


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60, help="how long the broker stays away")
    minutes: float = parser.parse_args().minutes
    console = console_of_any_width()
    started, outcome = time.monotonic(), Outcome()
    with progress(console) as (tick, _), Stack() as stack:
        outcome.extend(outage.measure(stack, minutes, tick))
        outcome.extend(slow.measure(stack, tick))
        outcome.extend(shapes.measure(stack, tick))
    title = f"run of {(time.monotonic() - started) / 60:.0f} minutes on {machine()}"
    show(console, outcome, title)
    page.write(outcome, title)
    print(outcome.as_json(), flush=True)


if __name__ == "__main__":
    main()
