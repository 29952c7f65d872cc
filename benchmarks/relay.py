"""How fast a relay carries a backlog to RabbitMQ: `python -m benchmarks.relay --rounds 5 --relayed 20000`.

The backlog is there before the process starts; what counts is how the queue fills, looked at from outside.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks import watching
from benchmarks.harness.alone import Tick, alone
from benchmarks.harness.outcome import Outcome, at_least
from benchmarks.harness.samples import Measure, take_turns
from benchmarks.harness.scale import Scale
from benchmarks.project.filling import fill_bare_outbox, fill_outbox
from benchmarks.stack import Stack, end
from devstack.processes import ManagedProcess

FIGURE = "relay, backlog"
BARE, POLLING = "bare loop", "polling relay"


def measure(stack: Stack, scale: Scale, tick: Tick) -> Outcome:
    outcome = Outcome()
    samples = take_turns({BARE: bare(stack, scale.relayed), POLLING: kit(stack, scale.relayed)}, scale.rounds, tick)
    outcome.add_rows(FIGURE, samples, "events/s")
    ratio = samples.ratio(POLLING, BARE)
    outcome.add_ratio("relay_polling_vs_bare", "polling relay / bare claim-and-confirm loop", ratio, at_least(0.85))
    return outcome


def kit(stack: Stack, events: int, relay: str = "polling") -> Measure:
    def fill() -> None:
        with stack.connect() as connection:
            fill_outbox(connection, events)

    return drain(stack, events, fill, lambda: stack.manage("relay", env={"RELAY": relay}))


def bare(stack: Stack, events: int) -> Measure:
    def fill() -> None:
        with stack.connect() as connection:
            fill_bare_outbox(connection, events)

    return drain(stack, events, fill, lambda: stack.start("bare-relay", "-m", "benchmarks.bare.relay", env=stack.env))


def drain(stack: Stack, events: int, fill: Callable[[], None], start: Callable[[], ManagedProcess]) -> Measure:
    def once() -> float:
        stack.queue.empty()
        fill()
        process = start()
        try:
            return watching.rate(process, stack.queue.count, events)
        finally:
            end(process)

    return once


if __name__ == "__main__":
    alone(measure, __doc__)
