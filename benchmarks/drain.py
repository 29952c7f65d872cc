"""How fast a relay carries a backlog: `python -m benchmarks.drain --events 50000`.

The backlog is written first; then the relay's process is started, and the time from its first settled event to its
last is what counts. The same for a consumer with its inbox, whose queue is full when it starts.
"""

from __future__ import annotations

import argparse
import os
import time

from rich.console import Console
from rich.table import Table

from benchmarks.servers import BROKERS, RELAYS, machine, project_on
from tests.support.project import Project
from tests.support.waiting import until

_FILL = """
    import django; django.setup()
    from django.db import transaction
    from strangler.outbox import publish_many
    from tests.sample.events import StepTaken
    for start in range(0, {events}, 1000):
        with transaction.atomic():
            publish_many([StepTaken(thing=f"t{{n % {keys}}}", step=n // {keys}) for n in range(start, start + 1000)])
"""
_RELAYED = """
    SELECT count(*), extract(epoch FROM max(relayed_at) - min(relayed_at))::float
    FROM strangler_outbox WHERE relayed_at IS NOT NULL
"""
_HANDLED = "SELECT count(*), extract(epoch FROM max(handled_at) - min(handled_at))::float FROM strangler_inbox"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=50_000)
    parser.add_argument("--keys", type=int, default=5_000)
    options = parser.parse_args()
    os.environ.setdefault("RELAY_BATCH_SIZE", "500")
    table = Table("relay", "broker", "relay events/s", "consumer events/s", title=f"{options.events} events, {machine()}")
    for broker in BROKERS:
        for relay in RELAYS:
            with project_on(broker, relay) as project:
                relayed, handled = _measure(project, options.events, options.keys)
            table.add_row(relay, broker, f"{relayed:,.0f}", f"{handled:,.0f}")
    Console().print(table)


def _measure(project: Project, events: int, keys: int) -> tuple[float, float]:
    project.run(_FILL.format(events=events, keys=keys))
    project.start_relay()
    relayed = _rate(project, _RELAYED, events)
    project.start_consumer()
    return relayed, _rate(project, _HANDLED, events)


def _rate(project: Project, query: str, events: int) -> float:
    started = time.monotonic()
    until(lambda: int(project.rows(query)[0][0]) >= events, f"{events} events", seconds=900)
    count, seconds = project.rows(query)[0]
    assert seconds <= time.monotonic() - started
    return float(count) / float(seconds)


if __name__ == "__main__":
    main()
