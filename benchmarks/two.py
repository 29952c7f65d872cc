"""Two processes instead of one: `python -m benchmarks.two --long-rounds 3`.

Two relays are two commands, two consumers one with `--processes 2`. On a machine of two cores the servers need their
share of both: the bare loop says what there is to win.
"""

from __future__ import annotations

from benchmarks import consume
from benchmarks.contenders import BARE, POLLING, Contender
from benchmarks.harness.alone import alone
from benchmarks.harness.outcome import Outcome, Tick, at_least
from benchmarks.harness.samples import Measure, take_turns
from benchmarks.harness.scale import Scale
from benchmarks.relay import drain
from benchmarks.stack import Stack

KEYS = ("two_relays_vs_one", "two_consumers_vs_one")
NUMBERS = {1: "one", 2: "two"}


def measure(stack: Stack, scale: Scale, tick: Tick) -> Outcome:
    contenders: dict[str, Measure] = {}
    for count, number in NUMBERS.items():
        contenders |= {
            f"{relay.name}, {number}": relays(stack, relay, scale.relayed, count) for relay in (BARE, POLLING)
        }
        contenders[f"consumer, {number}"] = consume.kit(stack, scale.consumed, processes=count)
    samples = take_turns(contenders, scale.long_rounds, tick)
    outcome = Outcome()
    outcome.add_rows("one process or two", samples, "per second")
    for key, name, target in (
        ("two_relays_vs_one", POLLING.name, at_least(1.6)),
        ("two_bare_relays_vs_one", BARE.name, None),
        ("two_consumers_vs_one", "consumer", at_least(1.6)),
    ):
        ratio = samples.ratio(f"{name}, two", f"{name}, one")
        outcome.add_ratio(key, f"{name}: two processes / one", ratio, target)
    return outcome


def relays(stack: Stack, relay: Contender, events: int, count: int) -> Measure:
    def fill() -> None:
        with stack.connect() as connection:
            relay.fill(connection, events)

    return drain(stack, events, fill, *[lambda: relay.start(stack)] * count)


if __name__ == "__main__":
    alone(measure, __doc__)
