"""What lives between one connection to the broker and the next: the lanes, and what is out with them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, Queue

from strangler.brokers import Delivery, Subscriber
from strangler.inbox.handling import GroupHandling
from strangler.inbox.incoming import Incoming, read
from strangler.inbox.lanes import Lane, Outcome, RetryLane, Runner, ThreadLane, place_of_thread

_IDLE_WAIT = 1.0
_BUSY_WAIT = 0.01
_RETRY_POLL = 0.25


@dataclass(frozen=True, slots=True)
class Sizes:
    """`concurrency` threads, each with `batch_size` messages in a transaction; `prefetch` messages out at once."""

    concurrency: int
    prefetch: int
    batch_size: int


class Session:
    """`place` says to which of the lanes a key goes; `beside` are threads that work without being given anything."""

    def __init__(
        self,
        subscriber: Subscriber,
        outcomes: Queue[Outcome],
        lanes: Sequence[Lane],
        *,
        place: Callable[[str, int], int],
        prefetch: int,
        beside: Sequence[Runner] = (),
    ) -> None:
        self._subscriber = subscriber
        self._outcomes = outcomes
        self._lanes = lanes
        self._place = place
        self._enough = max(1, prefetch // 2)
        self._out = 0
        self._runners: list[Runner] = [*lanes, *beside]
        for runner in self._runners:
            runner.start()

    def step(self) -> None:
        """Take what the broker has, acknowledge what the lanes have done; waits a little where there is neither.

        With enough in hand it waits for the lanes, but still listens to the broker, which wants to hear from us too.
        """
        enough = self._out >= self._enough
        if enough:
            self._acknowledge(wait=_IDLE_WAIT)
        self._share_out(self._subscriber.receive(0 if enough else _BUSY_WAIT if self._out else _IDLE_WAIT))
        self._acknowledge(wait=0)

    def settle_all(self) -> None:
        while self._out:
            self._acknowledge(wait=_IDLE_WAIT)

    def close(self) -> None:
        """End the lanes; each finishes what it was given, so that no transaction outlives the session."""
        for runner in self._runners:
            runner.finish()
        for runner in self._runners:
            runner.join()

    def _share_out(self, deliveries: Sequence[Delivery]) -> None:
        shares: dict[int, list[Incoming]] = defaultdict(list)
        for message in map(read, deliveries):
            shares[self._place(message.key, len(self._lanes))].append(message)
        for place, share in shares.items():
            self._lanes[place].give(share)
        self._out += len(deliveries)

    def _acknowledge(self, *, wait: float) -> None:
        done: list[Delivery] = []
        for outcome in self._ready(wait):
            if outcome.error is not None:
                raise outcome.error
            done.extend(outcome.deliveries)
        if done:
            self._subscriber.ack(done)
            self._out -= len(done)

    def _ready(self, wait: float) -> list[Outcome]:
        found: list[Outcome] = []
        try:
            found.append(self._outcomes.get(timeout=wait) if wait else self._outcomes.get_nowait())
            while True:
                found.append(self._outcomes.get_nowait())
        except Empty:
            return found


def in_threads(subscriber: Subscriber, handling: GroupHandling, sizes: Sizes) -> Session:
    """Handlers run in this process."""
    # Not SimpleQueue: interrupted by a signal, its get() with a timeout can wait for ever (CPython 3.11).
    outcomes: Queue[Outcome] = Queue()
    lanes = [ThreadLane(handling, outcomes, batch_size=sizes.batch_size) for _ in range(sizes.concurrency)]
    retries = RetryLane(handling, outcomes, poll_interval=_RETRY_POLL)
    return Session(subscriber, outcomes, lanes, place=place_of_thread, prefetch=sizes.prefetch, beside=[retries])
