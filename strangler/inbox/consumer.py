"""The consume loop: receive, hand to the lanes, acknowledge only what is durably handled or parked."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Event

import structlog

from strangler.brokers import Broker, Subscriber
from strangler.inbox import processes as worker_processes
from strangler.inbox import session
from strangler.inbox.handling import GroupHandling
from strangler.inbox.session import Session, Sizes
from strangler.outages import survive_outages

log = structlog.get_logger(__name__)


class Consumer:
    """One consumer of a group. `stop` ends `run()` once everything received is handled and acknowledged.

    With more than one of `processes` handlers run in processes of their own, and this one only talks to the broker.
    """

    def __init__(
        self,
        broker: Broker,
        handling: GroupHandling,
        routing_keys: Sequence[str],
        *,
        sizes: Sizes,
        backoff_max: float,
        stop: Event,
        processes: int = 1,
    ) -> None:
        self._broker = broker
        self._handling = handling
        self._routing_keys = routing_keys
        self._sizes = sizes
        self._processes = processes
        self._backoff_max = backoff_max
        self._stop = stop

    def run(self) -> None:
        survive_outages(self._work, stop=self._stop, backoff_max=self._backoff_max)

    def _work(self) -> None:
        group = self._handling.group
        with self._broker.subscriber(group, self._routing_keys, prefetch=self._sizes.prefetch) as subscriber:
            log.info("consumer_started", group=group, events=list(self._routing_keys), processes=self._processes)
            session = self._session(subscriber)
            try:
                while not self._stop.is_set():
                    session.step()
                session.settle_all()
            finally:
                session.close()

    def _session(self, subscriber: Subscriber) -> Session:
        if self._processes == 1:
            return session.in_threads(subscriber, self._handling, self._sizes)
        return worker_processes.in_processes(subscriber, self._handling, self._sizes, self._processes)
