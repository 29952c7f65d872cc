"""Whether a long backlog drains as fast as a short one: `python -m benchmarks.backlog --backlog-large 200000`."""

from __future__ import annotations

from benchmarks.contenders import BARE, POLLING
from benchmarks.harness.alone import alone
from benchmarks.harness.outcome import Outcome, Tick, at_least
from benchmarks.harness.samples import take_turns
from benchmarks.harness.scale import Scale
from benchmarks.relay import contender_drain
from benchmarks.stack import Stack

KEYS = ("backlog_200k_vs_10k",)


def measure(stack: Stack, scale: Scale, tick: Tick) -> Outcome:
    sizes = scale.backlog_small, scale.backlog_large
    contenders = {
        f"{relay.name}, {size:,}": contender_drain(stack, size, relay) for relay in (BARE, POLLING) for size in sizes
    }
    samples = take_turns(contenders, scale.long_rounds, tick)
    outcome = Outcome()
    outcome.add_rows("relay, by backlog", samples, "events/s")
    for relay, key, target in (
        (POLLING, "backlog_200k_vs_10k", at_least(0.95)),
        (BARE, "backlog_200k_vs_10k_bare", None),
    ):
        small, large = (f"{relay.name}, {size:,}" for size in sizes)
        title = f"{relay.name}: drain with a backlog of {sizes[1]:,} / of {sizes[0]:,}"
        outcome.add_ratio(key, title, samples.ratio(large, small), target)
    return outcome


if __name__ == "__main__":
    alone(measure, __doc__)
