"""How fast a consumer with its inbox empties a full queue: `python -m benchmarks.consume --rounds 5 --consumed 15000`.

Every message updates one row; the sum over these rows says how many took effect, and at the end that it was once each.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks import watching
from benchmarks.harness.alone import Tick, alone
from benchmarks.harness.outcome import Outcome, at_least
from benchmarks.harness.samples import Measure, take_turns
from benchmarks.harness.scale import Scale
from benchmarks.project.filling import SKUS, empty_stock
from benchmarks.project.message import body
from benchmarks.stack import GROUP, Stack, end
from devstack.processes import ManagedProcess

FIGURE = "consumer"
BARE, KIT = "bare dedupe + update", "consumer with inbox"
_MOVED = "SELECT sum(moved) FROM bench_stock"


def measure(stack: Stack, scale: Scale, tick: Tick) -> Outcome:
    outcome = Outcome()
    samples = take_turns({BARE: bare(stack, scale.consumed), KIT: kit(stack, scale.consumed)}, scale.rounds, tick)
    outcome.add_rows(FIGURE, samples, "messages/s")
    ratio = samples.ratio(KIT, BARE)
    outcome.add_ratio("consumer_vs_bare", "consumer / bare dedupe + update in batches of 100", ratio, at_least(0.7))
    return outcome


def kit(stack: Stack, messages: int) -> Measure:
    return drain(stack, messages, lambda: stack.manage("consume", "--group", GROUP))


def bare(stack: Stack, messages: int) -> Measure:
    env = {**stack.env, "QUEUE": stack.queue.name}
    return drain(stack, messages, lambda: stack.start("bare-consume", "-m", "benchmarks.bare.consume", env=env))


def drain(stack: Stack, messages: int, start: Callable[[], ManagedProcess]) -> Measure:
    def once() -> float:
        stack.queue.empty()
        stack.queue.fill((body(f"sku-{n % SKUS}") for n in range(messages)), "bench.stock_moved")
        with stack.connect() as connection:
            empty_stock(connection)
            process = start()
            try:
                return watching.rate(process, lambda: int(connection.execute(_MOVED).fetchall()[0][0]), messages)
            finally:
                end(process)

    return once


if __name__ == "__main__":
    alone(measure, __doc__)
