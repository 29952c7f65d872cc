"""A consumer that takes its time while a backlog waits for it: whether anybody's memory grows meanwhile."""

from __future__ import annotations

import time

import psutil

from benchmarks.contenders import POLLING
from benchmarks.harness.outcome import Outcome, Tick, at_most
from benchmarks.limits.found import Found
from benchmarks.project.filling import empty_stock, fill_outbox
from benchmarks.stack import GROUP, Stack, end
from devstack.processes import ManagedProcess
from strangler.testing.waiting import until

EVENTS = 100_000
SECONDS = 60
WARM_SECONDS = 10
HANDLER_SECONDS = 0.01
MEGABYTE = 2**20


def measure(stack: Stack, tick: Tick) -> Outcome:
    found = Found(f"a handler that takes {1000 * HANDLER_SECONDS:g} ms, with {EVENTS:,} events waiting")
    stack.queue.empty()
    with stack.connect() as connection:
        empty_stock(connection)
        fill_outbox(connection, EVENTS)
    consumer = stack.manage("consume", "--group", GROUP, env={"HANDLER_SECONDS": str(HANDLER_SECONDS)})
    relay = POLLING.start(stack)
    try:
        tick("slow consumer: the relay carries everything, whoever waits for it")
        started = time.monotonic()
        until(lambda: _carried(stack), "the relay to carry everything", seconds=300)
        found.row("the relay meanwhile", EVENTS / (time.monotonic() - started), "events/s")
        tick(f"slow consumer: {SECONDS} seconds of it")
        sizes = _sizes({"relay": relay, "consumer": consumer})
    finally:
        end(relay)
        end(consumer)
    for name, values in sizes.items():
        found.row(f"resident set of the {name}", values[-1], "MB")
        growth = max(values) - values[0]
        found.ratio(f"slow_consumer_growth_mb_{name}", f"MB that the {name} grew by in {SECONDS} s", growth, at_most(5))
    return found.outcome


def _carried(stack: Stack) -> bool:
    with stack.connect() as connection:
        return not connection.execute("SELECT FROM strangler_outbox WHERE relayed_at IS NULL LIMIT 1").fetchall()


def _sizes(processes: dict[str, ManagedProcess]) -> dict[str, list[float]]:
    """Megabytes, each second, after a warm-up in which buffers fill."""
    sizes: dict[str, list[float]] = {name: [] for name in processes}
    for second in range(WARM_SECONDS + SECONDS):
        time.sleep(1)
        for name, process in processes.items():
            assert process.running, f"{name} ended:\n{process.tail()}"
            if second >= WARM_SECONDS:
                sizes[name].append(psutil.Process(process.pid).memory_info().rss / MEGABYTE)
    return sizes
