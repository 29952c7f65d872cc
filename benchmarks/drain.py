"""How fast a relay carries a backlog: `python -m benchmarks.drain --events 50000`.

The backlog is written first; then the relay's process is started, and the time from its first settled event to its
last is what counts. Debezium finds a backlog in the table, as polling does; so the row "debezium, log" starts it first,
stops its process (SIGSTOP) while the backlog is written, and lets it go on: that backlog comes out of the log.
The same for a consumer with its inbox, whose queue is full when it starts.
"""

from __future__ import annotations

import argparse
import os
import signal
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
    table = Table(
        "relay", "broker", "relay events/s", "consumer events/s", title=f"{options.events} events, {machine()}"
    )
    ways = [(broker, relay, log) for broker in BROKERS for relay in RELAYS for log in (False, True)]
    for broker, relay, from_log in ways:
        if from_log and relay == "polling":
            continue
        with project_on(broker, relay) as project:
            fill = _FILL.format(events=options.events, keys=options.keys)
            relayed = (_from_the_log if from_log else _from_the_table)(project, fill, options.events)
            project.start_consumer()
            handled = _rate(project, _HANDLED, options.events)
        table.add_row(relay + ", log" * from_log, broker, f"{relayed:,.0f}", f"{handled:,.0f}")
    Console().print(table)


def _from_the_table(project: Project, fill: str, events: int) -> float:
    project.run(fill)
    project.start_relay()
    return _rate(project, _RELAYED, events)


def _from_the_log(project: Project, fill: str, events: int) -> float:
    relay = project.start_relay()
    until(lambda: "relay_streams" in relay.log.read_text(), "the log to flow", seconds=60)
    relay.send_signal(signal.SIGSTOP)
    project.run(fill)
    relay.send_signal(signal.SIGCONT)
    return _rate(project, _RELAYED, events)


def _rate(project: Project, query: str, events: int) -> float:
    started = time.monotonic()
    until(lambda: int(project.rows(query)[0][0]) >= events, f"{events} events", seconds=900)
    count, seconds = project.rows(query)[0]
    assert seconds <= time.monotonic() - started
    return float(count) / float(seconds)


if __name__ == "__main__":
    main()
