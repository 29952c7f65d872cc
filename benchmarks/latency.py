"""From commit to effect: `python -m benchmarks.latency --rate 50 --seconds 30`.

Both times are the database's own clock: `created_at` of the outbox row, taken just before its commit, and `handled_at`
of the inbox row. Relay, broker, consumer and load are processes of their own on one machine.
"""

from __future__ import annotations

import argparse
import time

from rich.console import Console
from rich.table import Table

from benchmarks.servers import BROKERS, RELAYS, machine, project_on
from tests.support.project import Project
from tests.support.waiting import until

_WARM = 3.0
_LATENCY = """
    SELECT count(*), percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (
        ORDER BY 1000 * extract(epoch FROM i.handled_at - o.created_at)::float)
    FROM strangler_outbox o JOIN strangler_inbox i ON i.message_id = o.id WHERE o.created_at > %(since)s::timestamptz
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=50, help="transactions a second")
    parser.add_argument("--seconds", type=float, default=30)
    options = parser.parse_args()
    title = f"commit → handled, {options.rate:g} transactions/s, {machine()}"
    table = Table("relay", "broker", "events", "p50 ms", "p99 ms", title=title)
    for broker in BROKERS:
        for relay in RELAYS:
            with project_on(broker, relay) as project:
                count, (p50, p99) = _measure(project, options.rate, options.seconds)
            table.add_row(relay, broker, f"{count}", f"{p50:.1f}", f"{p99:.1f}")
    Console().print(table)


def _measure(project: Project, rate: float, seconds: float) -> tuple[int, tuple[float, float]]:
    project.start_relay()
    project.start_consumer()
    load = project.start_load(rate=rate)
    until(lambda: project.rows("SELECT 1 FROM strangler_inbox LIMIT 1"), "the first effect", seconds=60)
    _pass(_WARM)
    since = project.rows("SELECT clock_timestamp()::text")[0][0]
    _pass(seconds)
    load.terminate()
    until(lambda: not project.rows("SELECT 1 FROM strangler_outbox WHERE relayed_at IS NULL LIMIT 1"), "the rest")
    count, latencies = project.rows(_LATENCY, since=since)[0]
    return count, latencies


def _pass(seconds: float) -> None:
    end = time.monotonic() + seconds
    until(lambda: time.monotonic() >= end, "time to pass", seconds=seconds + 5)


if __name__ == "__main__":
    main()
