"""From COMMIT to the broker's other side: `python -m benchmarks.latency --long-rounds 3 --pace-seconds 10`.

Load, relay and receiver are processes of their own on one machine and read one clock. The time begins just before
COMMIT is sent, so that PostgreSQL's own write is in it, and ends when the receiver has the message. The same relay
takes 50 events a second first, then 200; the first second of each is not counted.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from benchmarks import pace
from benchmarks.contenders import BARE, DEBEZIUM, POLLING, RELAYS, STREAM, Contender
from benchmarks.harness.alone import alone
from benchmarks.harness.outcome import Outcome, Tick, at_most
from benchmarks.harness.samples import Samples
from benchmarks.harness.scale import Scale
from benchmarks.peers import environment
from benchmarks.peers.environment import Peer
from benchmarks.stack import Stack, end
from devstack.processes import ManagedProcess
from strangler.testing.waiting import until

KEYS = ("latency_p99_vs_best_peer", "latency_p99_vs_polling_peers", "stream_p99_ms")
RATES = (50, 200)
WARM_SECONDS = 1.0


@dataclass(frozen=True)
class Runner:
    """How one contender starts its relay and its load."""

    relay: Callable[[], ManagedProcess]
    load: Callable[[float, float, Path], ManagedProcess]
    empty: Callable[[], None]


def measure(stack: Stack, scale: Scale, tick: Tick) -> Outcome:
    relays = (*RELAYS, DEBEZIUM) if scale.everybody else RELAYS
    runners = {relay.name: _ours(stack, relay) for relay in relays}
    peers = environment.taking_part(environment.RELAYS, scale)
    runners |= {peer.name: _peer(stack, peer) for peer in peers}
    samples = Samples()
    for number in range(scale.long_rounds):
        for name in [name for name in runners if name not in samples.failed]:
            tick(f"{name}, round {number + 1} of {scale.long_rounds}")
            with samples.measuring(name, {peer.name for peer in peers}):
                _add(samples, name, _round(stack, runners[name], scale.pace_seconds))
    outcome = Outcome()
    outcome.add_rows("commit to broker", samples, "ms")
    why_not = "every one of them failed" if samples.failed else environment.why_not(scale)
    _ratios(outcome, samples, [peer for peer in peers if peer.name not in samples.failed], why_not)
    for name, why in samples.failed.items():
        outcome.not_measured(f"latency_of:{name}", f"commit to broker of {name}", why)
    return outcome


def _add(samples: Samples, name: str, round: dict[int, tuple[float, float]]) -> None:
    for rate, (p50, p99) in round.items():
        samples.add(f"{name}, {rate}/s, p50", p50)
        samples.add(f"{name}, {rate}/s, p99", p99)


def _ratios(outcome: Outcome, samples: Samples, peers: list[Peer], why_not: str) -> None:
    kinds = (
        ("latency_p99_vs_best_peer", "the best peer that notifies", True, at_most(0.8)),
        ("latency_p99_vs_polling_peers", "the best peer that polls", False, at_most(0.05)),
    )
    for key, what, notifies, target in kinds:
        names = [peer.name for peer in peers if peer.notifies is notifies]
        for rate in RATES:
            whole = key if rate == RATES[-1] else f"{key}_{rate}"
            title = f"p99 of the polling relay / of {what}, {rate} events/s"
            if not names:
                outcome.not_measured(whole, title, why_not, target)
                continue
            of = {name: f"{name}, {rate}/s, p99" for name in names}
            best = min(names, key=lambda name: samples.spread(of[name]).median)
            ratio = samples.ratio(f"{POLLING.name}, {rate}/s, p99", of[best])
            outcome.add_ratio(whole, title, ratio, target, note=f"the best is {best}")
    for rate in RATES:
        ratio = samples.ratio(f"{POLLING.name}, {rate}/s, p99", f"{BARE.name}, {rate}/s, p99")
        outcome.add_ratio(
            f"latency_p99_vs_bare_{rate}", f"p99 of the polling relay / of the {BARE.name}, {rate}/s", ratio
        )
    stream = samples.spread(f"{STREAM.name}, {RATES[-1]}/s, p99")
    outcome.add_ratio("stream_p99_ms", f"p99 of the stream relay at {RATES[-1]} events/s, ms", stream, at_most(10))


def _ours(stack: Stack, contender: Contender) -> Runner:
    return Runner(
        lambda: contender.start(stack),
        lambda rate, seconds, file: contender.load(stack, rate, seconds, file),
        lambda: contender.empty(stack),
    )


def _peer(stack: Stack, peer: Peer) -> Runner:
    peer.prepare(stack)
    return Runner(
        lambda: peer.start(stack, "relay"),
        lambda rate, seconds, file: peer.start(stack, "load", f"{rate:g}", f"{seconds:g}", str(file)),
        lambda: peer.empty(stack),
    )


def _round(stack: Stack, runner: Runner, seconds: float) -> dict[int, tuple[float, float]]:
    """p50 and p99 in milliseconds, by rate."""
    runner.empty()
    stack.queue.empty()
    sent, arrived = stack.folder / "sent.txt", stack.folder / "arrived.txt"
    arrived.write_text("")
    env = {**stack.env, "QUEUE": stack.queue.name}
    receiver = stack.start("receive", "-m", "benchmarks.bare.receive", str(arrived), env=env)
    relay = runner.relay()
    try:
        _warm(runner, sent, arrived)
        return {rate: _at(rate, runner, seconds, sent, arrived) for rate in RATES}
    except AssertionError as error:
        raise RuntimeError(f"{error}\n{relay.tail()}\n{receiver.tail()}") from error
    finally:
        end(relay)
        end(receiver)


def _warm(runner: Runner, sent: Path, arrived: Path) -> None:
    """Until something has come through: a relay may need seconds to start."""
    sent.write_text("")
    _succeed(runner.load(10, 1, sent))
    until(lambda: pace.read(sent).keys() <= pace.read(arrived).keys(), "the first events to arrive", seconds=120)


def _at(rate: int, runner: Runner, seconds: float, sent: Path, arrived: Path) -> tuple[float, float]:
    sent.write_text("")
    _succeed(runner.load(rate, seconds + WARM_SECONDS, sent))
    until(lambda: pace.read(sent).keys() <= pace.read(arrived).keys(), "every event to arrive", seconds=180)
    return percentiles(pace.read(sent), pace.read(arrived))


def percentiles(sent: dict[str, float], arrived: dict[str, float]) -> tuple[float, float]:
    """p50 and p99 in milliseconds of what was sent after the first second. Raises KeyError for what never arrived."""
    start = min(sent.values(), default=math.nan) + WARM_SECONDS
    waits = [1000 * (arrived[id] - moment) for id, moment in sent.items() if moment >= start]
    cuts = quantiles(waits, n=100, method="inclusive")
    return cuts[49], cuts[98]


def _succeed(load: ManagedProcess) -> None:
    started = time.monotonic()
    if load.wait(timeout=300) != 0:
        raise RuntimeError(f"{load.name} failed after {time.monotonic() - started:.0f} s:\n{load.tail()}")


if __name__ == "__main__":
    alone(measure, __doc__)
