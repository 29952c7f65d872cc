"""The broker is killed and stays away while everybody goes on writing; then it comes back.

Writing is transactions of one event each, by as many processes as keep a machine of two cores busy. Latency is from
`publish()` to the row's settlement, read off the outbox itself, at a pace that a shop would be happy to have.
"""

from __future__ import annotations

import time

from psycopg import Connection

from benchmarks import watching
from benchmarks.contenders import POLLING
from benchmarks.harness.outcome import Outcome, Tick, at_least, at_most
from benchmarks.limits.found import Found
from benchmarks.relay import contender_drain
from benchmarks.stack import Stack, end
from devstack.processes import ManagedProcess
from strangler.testing.waiting import until

WRITERS = 2
NORMAL_SECONDS = 30
PACE, PACE_SECONDS = 50, 20
FRESH = 50_000
RETURN_SECONDS = 120
_PENDING = "SELECT count(*) FROM strangler_outbox WHERE relayed_at IS NULL"
_SIZES = "SELECT pg_table_size('strangler_outbox'), pg_indexes_size('strangler_outbox'), count(*) FROM strangler_outbox"
_LATENCY = """
    SELECT percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (
        ORDER BY 1000 * extract(epoch FROM relayed_at - created_at)::float)
    FROM strangler_outbox WHERE created_at > %s
"""


def measure(stack: Stack, minutes: float, tick: Tick) -> Outcome:
    """`minutes` without a broker, at full write rate."""
    found = Found(f"the broker away for {minutes:g} minutes")
    tick("outage: a fresh backlog, to compare with")
    fresh = contender_drain(stack, FRESH, POLLING)()
    POLLING.empty(stack)
    stack.queue.empty()
    with stack.connect() as connection:
        relay = POLLING.start(stack)
        try:
            before = _latency(stack, connection)
            tick("outage: writing with the broker there")
            up = _write(stack, NORMAL_SECONDS)
            _until_nothing_pends(connection)
            stack.queue.empty()
            stack.rabbitmq.kill()
            tick(f"outage: writing for {minutes:g} minutes without a broker")
            down = _write(stack, minutes * 60)
            backlog = _sizes(found, connection)
            stack.rabbitmq.start()
            tick(f"outage: {backlog:,} events drain")
            silence, drained = _drain(stack, relay, backlog)
            _until_nothing_pends(connection)
            after = _latency(stack, connection)
        finally:
            end(relay)
    for name, value, unit in (
        ("writing, broker there", up, "transactions/s"),
        ("writing, broker away", down, "transactions/s"),
        ("backlog at its return", backlog, "events"),
        ("from its return to the first event", silence, "s"),
        ("drain of that backlog", drained, "events/s"),
        (f"drain of a fresh backlog of {FRESH:,}", fresh, "events/s"),
        (f"publish to settled at {PACE}/s, p50, before", before[0], "ms"),
        (f"publish to settled at {PACE}/s, p50, after", after[0], "ms"),
        (f"publish to settled at {PACE}/s, p99, before", before[1], "ms"),
        (f"publish to settled at {PACE}/s, p99, after", after[1], "ms"),
    ):
        found.row(name, value, unit)
    found.ratio("outage_writes", "writing without a broker / with it", down / up, at_least(0.9))
    found.ratio("outage_drain", "drain of its backlog / of a fresh one", drained / fresh, at_least(0.95))
    found.ratio("outage_latency", "p50 after it / before it", after[0] / before[0], at_most(1.5))
    return found.outcome


def _write(stack: Stack, seconds: float) -> float:
    """Transactions a second, all writers together."""
    files = [stack.folder / f"writer-{number}.txt" for number in range(WRITERS)]
    writers = [stack.start(file.stem, "-m", "benchmarks.limits.writer", str(file), env=stack.env) for file in files]
    time.sleep(seconds)
    for writer in writers:
        assert writer.running, f"{writer.name} ended:\n{writer.tail()}"
        assert writer.terminate(timeout=60) == 0, writer.tail()
    return sum(float(file.read_text(encoding="ascii")) for file in files)


def _sizes(found: Found, connection: Connection) -> int:
    """Returns how many events wait."""
    table, indexes, rows = connection.execute(_SIZES).fetchall()[0]
    found.row("outbox, table", table / 2**20, "MB")
    found.row("outbox, indexes", indexes / 2**20, "MB")
    found.row("disk for an event that waits", (table + indexes) / rows, "bytes")
    return int(connection.execute(_PENDING).fetchall()[0][0])


def _drain(stack: Stack, relay: ManagedProcess, backlog: int) -> tuple[float, float]:
    """Seconds of silence until the relay has noticed that the broker is back, and events a second from then on."""
    returned = time.monotonic()
    stack.queue = stack.new_queue()  # the old one's connection went with the broker
    until(lambda: stack.queue.count() > 0, "the first event after the broker's return", seconds=RETURN_SECONDS)
    silence = time.monotonic() - returned
    return silence, watching.rate([relay], stack.queue.count, backlog, seconds=3600)


def _until_nothing_pends(connection: Connection) -> None:
    until(lambda: connection.execute(_PENDING).fetchall() == [(0,)], "an empty outbox", seconds=600)


def _latency(stack: Stack, connection: Connection) -> tuple[float, float]:
    """p50 and p99 in milliseconds, after a warm-up of its own."""
    for seconds in (2, PACE_SECONDS):
        since = connection.execute("SELECT clock_timestamp()").fetchall()[0][0]
        file = str(stack.folder / "paced.txt")
        stack.run("paced", "-m", "benchmarks.project.load", str(PACE), str(seconds), file, env=stack.env)
        _until_nothing_pends(connection)
    p50, p99 = connection.execute(_LATENCY, [since]).fetchall()[0][0]
    return float(p50), float(p99)
