"""How fast a relay carries a backlog to RabbitMQ: `python -m benchmarks.relay --rounds 5 --relayed 20000`.

The backlog is there before the process starts; what counts is how the queue fills, looked at from outside. Peers get a
smaller backlog, because they take longer. `--peer-rounds 0` leaves them out.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks import watching
from benchmarks.contenders import RELAYS, Contender
from benchmarks.harness.alone import alone
from benchmarks.harness.outcome import Outcome, Tick, at_least
from benchmarks.harness.samples import Measure, Samples, take_turns
from benchmarks.harness.scale import Scale
from benchmarks.peers import environment
from benchmarks.peers.environment import Peer
from benchmarks.stack import Stack, end
from devstack.processes import ManagedProcess

KEYS = ("relay_polling_vs_bare", "relay_stream_vs_bare", "relay_polling_vs_best_peer")
FIGURE = "relay, backlog"
BARE = "bare loop"


def measure(stack: Stack, scale: Scale, tick: Tick) -> Outcome:
    outcome = Outcome()
    ours = {relay.name: relay for relay in RELAYS if relay.missing() is None}
    contenders = {name: contender_drain(stack, scale.relayed, relay) for name, relay in ours.items()}
    samples = take_turns(contenders, scale.rounds, tick)
    outcome.add_rows(FIGURE, samples, "events/s")
    _against_bare(outcome, samples)
    _against_peers(outcome, stack, scale, tick)
    return outcome


def _against_bare(outcome: Outcome, samples: Samples) -> None:
    for relay in RELAYS:
        if relay.key is None:
            continue
        title = f"{relay.name} / bare claim-and-confirm loop"
        if why := relay.missing():
            outcome.not_measured(f"relay_{relay.key}_vs_bare", title, why, relay.target)
        else:
            ratio = samples.ratio(relay.name, BARE)
            outcome.add_ratio(f"relay_{relay.key}_vs_bare", title, ratio, relay.target)


def _against_peers(outcome: Outcome, stack: Stack, scale: Scale, tick: Tick) -> None:
    """In rounds of their own, with the polling relay among them: everybody has the same few events."""
    key, title = "relay_polling_vs_best_peer", "polling relay / best peer"
    peers = environment.taking_part(environment.RELAYS, scale)
    if not peers:
        outcome.not_measured(key, title, environment.why_not(scale), at_least(4))
        return
    bare, polling = RELAYS[0], RELAYS[1]
    events = scale.peer_relayed
    contenders = {relay.name: contender_drain(stack, events, relay) for relay in (bare, polling)}
    contenders |= {peer.name: peer_drain(stack, events, peer) for peer in peers}
    samples = take_turns(contenders, scale.peer_rounds, tick)
    outcome.add_rows(f"{FIGURE} of {events:,}", samples, "events/s")
    names = [peer.name for peer in peers]
    best = samples.best(names)
    outcome.add_ratio(key, title, samples.ratio(polling.name, best), at_least(4), note=f"the best is {best}")
    for name in names:
        outcome.add_ratio(f"relay_peer_vs_bare:{name}", f"{name} / bare loop", samples.ratio(name, bare.name))


def contender_drain(stack: Stack, events: int, contender: Contender) -> Measure:
    def fill() -> None:
        with stack.connect() as connection:
            contender.fill(connection, events)

    return drain(stack, events, fill, lambda: contender.start(stack))


def peer_drain(stack: Stack, events: int, peer: Peer) -> Measure:
    peer.prepare(stack)
    return drain(stack, events, peer.filler(stack, events), lambda: peer.start(stack, "relay"))


def drain(stack: Stack, events: int, fill: Callable[[], None], *starts: Callable[[], ManagedProcess]) -> Measure:
    def once() -> float:
        stack.queue.empty()
        fill()
        processes = [start() for start in starts]
        try:
            return watching.rate(processes, stack.queue.count, events)
        finally:
            for process in processes:
                end(process)

    return once


if __name__ == "__main__":
    alone(measure, __doc__)
