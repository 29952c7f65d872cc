"""How fast a consumer with its inbox empties a full queue: `python -m benchmarks.consume --rounds 5 --consumed 15000`.

Every message updates one row; the sum over these rows says how many took effect, and at the end that it was once each.
The handler is one UPDATE: through the ORM, which is the figure with the target; in SQL as the bare loop has it; and for
many events at once. What the ORM alone costs shows in a bare loop whose UPDATE goes through it too.
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
from benchmarks.peers import comparing, environment
from benchmarks.peers.environment import Peer
from benchmarks.project.filling import SKUS, empty_stock
from benchmarks.project.message import body
from benchmarks.stack import GROUP, Stack, end
from devstack.processes import ManagedProcess

KEYS = ("consumer_vs_bare", "consumer_vs_best_peer")
FIGURE = "consumer"
BARE, BARE_ORM = "bare dedupe + update", "bare dedupe + update by the ORM"
KIT, IN_SQL, BATCHES = "consumer with inbox", "consumer, handler in SQL", "consumer, @subscribe_batch"
CLIENT = "py-amqp alone, acknowledging"
ROUTING_KEY = "bench.stock_moved"
_MOVED = "SELECT coalesce(sum(moved), 0) FROM bench_stock"

_BESIDE = (
    ("consumer_vs_bare_orm", "consumer / bare dedupe + update by the ORM", KIT, BARE_ORM),
    ("consumer_in_sql_vs_bare", "consumer whose handler is written in SQL / bare", IN_SQL, BARE),
    ("consumer_batch_vs_bare", "consumer with @subscribe_batch / bare", BATCHES, BARE),
    ("bare_orm_vs_bare", "bare dedupe + update by the ORM / bare: the ORM's share", BARE_ORM, BARE),
)

Fill = Callable[[int], None]
Start = Callable[[], ManagedProcess]


def measure(stack: Stack, scale: Scale, tick: Tick) -> Outcome:
    outcome = Outcome()
    count = scale.consumed
    contenders = {
        BARE: bare(stack, count),
        KIT: kit(stack, count),
        IN_SQL: kit(stack, count, handler="sql"),
        BATCHES: kit(stack, count, handler="batch"),
        BARE_ORM: bare(stack, count, "consume_orm"),
        CLIENT: partial(_client, stack, count),
    }
    samples = take_turns(contenders, scale.rounds, tick)
    outcome.add_rows(FIGURE, samples, "messages/s")
    ratio = samples.ratio(KIT, BARE)
    outcome.add_ratio("consumer_vs_bare", "consumer / bare dedupe + update in batches of 100", ratio, at_least(0.7))
    for key, title, name, base in _BESIDE:
        outcome.add_ratio(key, title, samples.ratio(name, base))
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
    samples = take_turns(contenders, scale.peer_rounds, tick, may_fail={peer.name for peer in peers})
    outcome.add_rows(f"{FIGURE}, {messages:,}", samples, "messages/s")
    comparing.with_the_best(outcome, samples, peers, ours=KIT, key=key, title=title, target=None)
    comparing.each_with_bare(outcome, samples, peers, BARE, "consumer_peer_vs_bare")


def kit(stack: Stack, messages: int, processes: int = 1, *, keep: bool = False, handler: str = "orm") -> Measure:
    """`keep`: beside the messages that were handled before."""
    arguments = ("consume", "--group", GROUP, "--processes", str(processes))
    start = partial(stack.manage, *arguments, env={"HANDLER": handler})
    return drain(stack, messages, _events(stack.queue), start, keep=keep)


def bare(stack: Stack, messages: int, module: str = "consume") -> Measure:
    env = {**stack.env, "QUEUE": stack.queue.name}
    start = partial(stack.start, "bare-consume", "-m", f"benchmarks.bare.{module}", env=env)
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
        peer.queue(stack).empty()
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
