"""How fast a consumer with its inbox empties a full queue: `python -m benchmarks.consume --rounds 5 --consumed 15000`.

Every message updates one row; the sum over these rows says how many took effect, and at the end that it was once each.
Peers get fewer messages, because they take longer. `--peer-rounds 0` leaves them out.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from benchmarks import watching
from benchmarks.bare.queue import Queue
from benchmarks.harness.alone import alone
from benchmarks.harness.outcome import Outcome, Tick, at_least
from benchmarks.harness.samples import Measure, take_turns
from benchmarks.harness.scale import Scale
from benchmarks.peers import environment
from benchmarks.peers.environment import Peer
from benchmarks.project.filling import SKUS, empty_stock
from benchmarks.project.message import body
from benchmarks.stack import GROUP, Stack, end
from devstack.processes import ManagedProcess

KEYS = ("consumer_vs_bare", "consumer_vs_best_peer")
FIGURE = "consumer"
BARE, KIT, CLIENT = "bare dedupe + update", "consumer with inbox", "py-amqp alone, acknowledging"
ROUTING_KEY = "bench.stock_moved"
_MOVED = "SELECT coalesce(sum(moved), 0) FROM bench_stock"

Fill = Callable[[int], None]
Start = Callable[[], ManagedProcess]


def measure(stack: Stack, scale: Scale, tick: Tick) -> Outcome:
    outcome = Outcome()
    contenders = {BARE: bare(stack, scale.consumed), KIT: kit(stack, scale.consumed)}
    contenders[CLIENT] = partial(_client, stack, scale.consumed)
    samples = take_turns(contenders, scale.rounds, tick)
    outcome.add_rows(FIGURE, samples, "messages/s")
    ratio = samples.ratio(KIT, BARE)
    outcome.add_ratio("consumer_vs_bare", "consumer / bare dedupe + update in batches of 100", ratio, at_least(0.7))
    _against_peers(outcome, stack, scale, tick)
    return outcome


def _against_peers(outcome: Outcome, stack: Stack, scale: Scale, tick: Tick) -> None:
    key, title = "consumer_vs_best_peer", "consumer / best peer"
    peers = environment.taking_part(environment.CONSUMERS, scale)
    if not peers:
        outcome.not_measured(key, title, environment.why_not(scale))
        return
    messages = scale.peer_consumed
    contenders = {BARE: bare(stack, messages), KIT: kit(stack, messages)}
    contenders |= {peer.name: _peer(stack, messages, peer) for peer in peers}
    samples = take_turns(contenders, scale.peer_rounds, tick)
    outcome.add_rows(f"{FIGURE}, {messages:,}", samples, "messages/s")
    names = [peer.name for peer in peers]
    best = samples.best(names)
    outcome.add_ratio(key, title, samples.ratio(KIT, best), note=f"the best is {best}")
    for name in names:
        ratio = samples.ratio(name, BARE)
        outcome.add_ratio(f"consumer_peer_vs_bare:{name}", f"{name} / bare dedupe + update", ratio)


def kit(stack: Stack, messages: int, processes: int = 1, *, keep: bool = False) -> Measure:
    """`keep`: beside the messages that were handled before."""
    arguments = ("consume", "--group", GROUP, "--processes", str(processes))
    return drain(stack, messages, _events(stack.queue), lambda: stack.manage(*arguments), keep=keep)


def bare(stack: Stack, messages: int) -> Measure:
    env = {**stack.env, "QUEUE": stack.queue.name}
    start = lambda: stack.start("bare-consume", "-m", "benchmarks.bare.consume", env=env)  # noqa: E731
    return drain(stack, messages, _events(stack.queue), start)


def _client(stack: Stack, messages: int) -> float:
    stack.queue.empty()
    _events(stack.queue)(messages)
    answer = stack.folder / "drain.txt"
    env = {**stack.env, "QUEUE": stack.queue.name}
    stack.run("drain", "-m", "benchmarks.bare.drain", str(messages), str(answer), env=env)
    return float(answer.read_text(encoding="ascii"))


def _peer(stack: Stack, messages: int, peer: Peer) -> Measure:
    peer.prepare(stack)

    def fill(count: int) -> None:
        peer.empty(stack)
        if peer.own_format:
            peer.run(stack, "send", str(count))
        else:
            _events(peer.queue(stack))(count)

    return drain(stack, messages, fill, lambda: peer.start(stack, "consume"))


def _events(queue: Queue) -> Fill:
    return lambda count: queue.fill((body(f"sku-{n % SKUS}") for n in range(count)), ROUTING_KEY)


def drain(stack: Stack, messages: int, fill: Fill, start: Start, *, keep: bool = False) -> Measure:
    def once() -> float:
        stack.queue.empty()
        fill(messages)
        with stack.connect() as connection:
            empty_stock(connection, keep=keep)
            process = start()
            try:
                return watching.rate([process], lambda: int(connection.execute(_MOVED).fetchall()[0][0]), messages)
            finally:
                end(process)

    return once


if __name__ == "__main__":
    alone(measure, __doc__)
