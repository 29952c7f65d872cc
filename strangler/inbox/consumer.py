"""The consume loop: receive, hand to the lanes, acknowledge only what is durably handled or parked."""

from __future__ import annotations

from collections.abc import Sequence
from queue import Empty, Queue
from threading import Event

import structlog

from strangler.brokers import Broker, Delivery, Subscriber
from strangler.inbox.handling import GroupHandling
from strangler.inbox.incoming import read
from strangler.inbox.lanes import Lane, Outcome, RetryLane, lane_for
from strangler.outages import survive_outages

log = structlog.get_logger(__name__)

_IDLE_WAIT = 1.0
_BUSY_WAIT = 0.01
_RETRY_POLL = 0.25


class Consumer:
    """One consumer group's process. `stop` ends `run()` once everything received is handled and acknowledged."""

    def __init__(
        self,
        broker: Broker,
        handling: GroupHandling,
        routing_keys: Sequence[str],
        *,
        concurrency: int,
        prefetch: int,
        batch_size: int,
        backoff_max: float,
        stop: Event,
    ) -> None:
        self._broker = broker
        self._handling = handling
        self._routing_keys = routing_keys
        self._concurrency = concurrency
        self._prefetch = prefetch
        self._batch_size = batch_size
        self._backoff_max = backoff_max
        self._stop = stop

    def run(self) -> None:
        survive_outages(self._work, stop=self._stop, backoff_max=self._backoff_max)

    def _work(self) -> None:
        group = self._handling.group
        with self._broker.subscriber(group, self._routing_keys, prefetch=self._prefetch) as subscriber:
            log.info("consumer_started", group=group, events=list(self._routing_keys))
            session = Session(subscriber, self._handling, self._concurrency, self._batch_size, self._prefetch)
            try:
                while not self._stop.is_set():
                    session.step()
                session.settle_all()
            finally:
                session.close()


class Session:
    """What lives between one connection to the broker and the next: lanes, and what is out with them."""

    def __init__(
        self, subscriber: Subscriber, handling: GroupHandling, concurrency: int, batch_size: int, prefetch: int
    ) -> None:
        self._subscriber = subscriber
        self._enough = max(1, prefetch // 2)
        # Not SimpleQueue: interrupted by a signal, its get() with a timeout can wait for ever (CPython 3.11).
        self._outcomes: Queue[Outcome] = Queue()
        self._lanes = [Lane(handling, self._outcomes, batch_size=batch_size) for _ in range(concurrency)]
        retries = RetryLane(handling, self._outcomes, poll_interval=_RETRY_POLL)
        self._out = 0
        self._threads: list[Lane | RetryLane] = [*self._lanes, retries]
        for thread in self._threads:
            thread.start()

    def step(self) -> None:
        """Take what the broker has, acknowledge what the lanes have done; waits a little where there is neither.

        With enough in hand it waits for the lanes, but still listens to the broker, which wants to hear from us too.
        """
        enough = self._out >= self._enough
        if enough:
            self._acknowledge(wait=_IDLE_WAIT)
        for delivery in self._subscriber.receive(0 if enough else _BUSY_WAIT if self._out else _IDLE_WAIT):
            message = read(delivery)
            lane_for(message, self._lanes).give(message)
            self._out += 1
        self._acknowledge(wait=0)

    def settle_all(self) -> None:
        while self._out:
            self._acknowledge(wait=_IDLE_WAIT)

    def close(self) -> None:
        """End the threads; each finishes what it was given, so that no transaction outlives the session."""
        for thread in self._threads:
            thread.finish()
        for thread in self._threads:
            thread.join()

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
