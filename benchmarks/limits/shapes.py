"""Backlogs of other shapes than the usual one: a key for each event, one key for all, and a megabyte in each event.

The usual one, next to which each stands, has a thousand keys. A consumer's progress is read off its inbox, because with
a key for each event there is no row for the handler to change.
"""

from __future__ import annotations

from collections.abc import Callable

import psutil

from benchmarks import watching
from benchmarks.contenders import POLLING
from benchmarks.harness.outcome import Outcome, Tick
from benchmarks.harness.samples import Measure, Samples, take_turns
from benchmarks.project.filling import SKUS, empty_stock, fill_outbox
from benchmarks.stack import GROUP, Stack, end
from devstack.processes import ManagedProcess
from strangler.testing.waiting import until

EVENTS = 20_000
LARGE_EVENTS, LARGE_BYTES = 200, 1_000_000
ROUNDS = 3
MEGABYTE = 2**20
USUAL = f"{SKUS:,} keys"
SHAPES = {USUAL: SKUS, "a key for each event": EVENTS, "one key": 1}
_HANDLED = "SELECT count(*) FROM strangler_inbox"


def measure(stack: Stack, tick: Tick) -> Outcome:
    outcome = Outcome()
    for figure, run in (("relay", _relay), ("consumer", _consume)):
        samples = take_turns({name: run(stack, keys) for name, keys in SHAPES.items()}, ROUNDS, tick)
        outcome.add_rows(f"{figure}, {EVENTS:,} events", samples, "events/s")
        for name in list(SHAPES)[1:]:
            key = f"{figure}_{name.replace(' ', '_')}"
            outcome.add_ratio(key, f"{figure}, {name} / {USUAL}", samples.ratio(name, USUAL))
    _large(outcome, stack, tick)
    return outcome


def _relay(stack: Stack, keys: int) -> Measure:
    def once() -> float:
        _prepare(stack, EVENTS, keys)
        relay = POLLING.start(stack)
        try:
            return watching.rate([relay], stack.queue.count, EVENTS)
        finally:
            end(relay)

    return once


def _consume(stack: Stack, keys: int) -> Measure:
    def once() -> float:
        _prepare(stack, EVENTS, keys)
        _carry(stack, EVENTS)
        consumer = stack.manage("consume", "--group", GROUP)
        try:
            with stack.connect() as connection:
                return watching.rate([consumer], lambda: int(connection.execute(_HANDLED).fetchall()[0][0]), EVENTS)
        finally:
            end(consumer)

    return once


def _large(outcome: Outcome, stack: Stack, tick: Tick) -> None:
    samples = Samples()
    tick(f"{LARGE_EVENTS} events of {LARGE_BYTES:,} bytes")
    _prepare(stack, LARGE_EVENTS, SKUS, padding=LARGE_BYTES)
    relay = POLLING.start(stack)
    samples.add("relay", _watched(relay, stack.queue.count))
    consumer = stack.manage("consume", "--group", GROUP)
    with stack.connect() as connection:
        samples.add("consumer", _watched(consumer, lambda: int(connection.execute(_HANDLED).fetchall()[0][0])))
    figure = f"{LARGE_EVENTS} events of {LARGE_BYTES:,} bytes"
    outcome.add_rows(figure, samples, "events/s")
    sizes = Samples()
    for name, process in (("relay", relay), ("consumer", consumer)):
        sizes.add(f"resident set of the {name}", psutil.Process(process.pid).memory_info().rss / MEGABYTE)
        end(process)
    outcome.add_rows(figure, sizes, "MB")


def _watched(process: ManagedProcess, count: Callable[[], int]) -> float:
    return watching.rate([process], count, LARGE_EVENTS)


def _prepare(stack: Stack, events: int, keys: int, *, padding: int = 0) -> None:
    stack.queue.empty()
    with stack.connect() as connection:
        empty_stock(connection)
        fill_outbox(connection, events, keys=keys, padding=padding)


def _carry(stack: Stack, events: int) -> None:
    relay = POLLING.start(stack)
    until(lambda: stack.queue.count() == events, "the queue to be full", seconds=300)
    end(relay)
