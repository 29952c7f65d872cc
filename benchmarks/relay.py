"""How fast a relay carries a backlog to RabbitMQ: `python -m benchmarks.relay --rounds 5 --relayed 20000`.

The backlog is there before the process starts; what counts is how the queue fills, looked at from outside. A relay that
reads the log finds its backlog there: it stands still (SIGSTOP) while that is written. Peers get a smaller backlog,
because they take longer. `--peer-rounds 0` leaves them out.
"""

from __future__ import annotations

import signal
from collections.abc import Callable

from benchmarks import watching
from benchmarks.contenders import BARE, POLLING, RELAYS, STREAM, Contender
from benchmarks.harness.alone import alone
from benchmarks.harness.outcome import Outcome, Tick, at_least
from benchmarks.harness.samples import Measure, Samples, take_turns
from benchmarks.harness.scale import Scale
from benchmarks.peers import comparing, environment
from benchmarks.peers.environment import Peer
from benchmarks.project.filling import fill_outbox
from benchmarks.stack import Stack, end
from devstack.processes import ManagedProcess
from strangler.testing.waiting import until

KEYS = ("relay_polling_vs_bare", "relay_stream_vs_bare", "relay_polling_vs_best_peer")
FIGURE = "relay, backlog"


def measure(stack: Stack, scale: Scale, tick: Tick) -> Outcome:
    outcome = Outcome()
    contenders = {relay.name: contender_drain(stack, scale.relayed, relay) for relay in RELAYS}
    samples = take_turns(contenders, scale.rounds, tick)
    outcome.add_rows(FIGURE, samples, "events/s")
    _against_bare(outcome, samples)
    _against_peers(outcome, stack, scale, tick)
    return outcome


def _against_bare(outcome: Outcome, samples: Samples) -> None:
    for relay in (POLLING, STREAM):
        title = f"{relay.name} / bare claim-and-confirm loop"
        ratio = samples.ratio(relay.name, BARE.name)
        outcome.add_ratio(f"relay_{relay.setting}_vs_bare", title, ratio, relay.target)


def _against_peers(outcome: Outcome, stack: Stack, scale: Scale, tick: Tick) -> None:
    """In rounds of their own, with the polling relay among them: everybody has the same few events."""
    key, title = "relay_polling_vs_best_peer", "polling relay / best peer"
    peers = environment.taking_part(environment.RELAYS, scale)
    if not peers:
        outcome.not_measured(key, title, environment.why_not(scale), at_least(4))
        return
    events = scale.peer_relayed
    contenders = {relay.name: contender_drain(stack, events, relay) for relay in (BARE, POLLING)}
    contenders |= {peer.name: peer_drain(stack, events, peer) for peer in peers}
    samples = take_turns(contenders, scale.peer_rounds, tick, may_fail={peer.name for peer in peers})
    outcome.add_rows(f"{FIGURE} of {events:,}", samples, "events/s")
    comparing.with_the_best(outcome, samples, peers, ours=POLLING.name, key=key, title=title, target=at_least(4))
    comparing.each_with_bare(outcome, samples, peers, BARE.name, "relay_peer_vs_bare")


def contender_drain(stack: Stack, events: int, contender: Contender) -> Measure:
    if contender.reads_log:
        return from_the_log(stack, events, contender)

    def fill() -> None:
        with stack.connect() as connection:
            contender.fill(connection, events)

    return drain(stack, events, fill, lambda: contender.start(stack))


def from_the_log(stack: Stack, events: int, contender: Contender) -> Measure:
    """What such a relay finds in the outbox when it starts it would poll: so it starts first."""

    def once() -> float:
        stack.queue.empty()
        contender.empty(stack)
        (stack.folder / "relay.log").unlink(missing_ok=True)
        relay = contender.start(stack)
        try:
            until(lambda: "relay_streams" in relay.tail(), f"the log to flow to the {contender.name}", seconds=90)
            relay.send_signal(signal.SIGSTOP)
            with stack.connect() as connection:
                fill_outbox(connection, events, keep=True)
            relay.send_signal(signal.SIGCONT)
            return watching.rate([relay], stack.queue.count, events)
        finally:
            relay.send_signal(signal.SIGCONT)
            relay.terminate(timeout=20)

    return once


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
