"""The polling publisher: claim, publish, settle, all inside one short transaction per batch.

<https://microservices.io/patterns/data/polling-publisher.html>
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

import structlog
from django.db import connections, transaction

from strangler.brokers import Broker, Publisher
from strangler.outages import survive_outages
from strangler.relay import lock, store
from strangler.relay.floor import Floor
from strangler.relay.wakeup import Wakeup

log = structlog.get_logger(__name__)

_BLOCKED_WAIT = 0.02


class PollingRelay:
    """Any number may run at once. `stop` ends `run()` after the batch in hand. Times are seconds.

    `at_start` is called whenever it begins work, once no relay of another kind is left.
    """

    def __init__(
        self,
        broker: Broker,
        *,
        using: str,
        batch_size: int,
        poll_interval: float,
        backoff_max: float,
        stop: Event,
        at_start: Callable[[], None] = lambda: None,
    ) -> None:
        self._broker = broker
        self._using = using
        self._batch_size = batch_size
        self._poll_interval = poll_interval
        self._backoff_max = backoff_max
        self._stop = stop
        self._at_start = at_start

    def run(self) -> None:
        """Work until `stop` is set. A broker or database that is away is waited for, longer each time."""
        survive_outages(self._work, stop=self._stop, backoff_max=self._backoff_max)

    def _work(self) -> None:
        connection = connections[self._using]
        connection.close()  # a session of our own: the lock below lives and dies with it
        if not lock.acquire(connection, shared=True, stop=self._stop):
            return
        try:
            with connection.cursor() as cursor:
                store.pin_plans(cursor)
                store.settle_lazily(cursor)
            self._at_start()
            with Wakeup(self._using) as wakeup, self._broker.publisher() as publisher:
                log.info("relay_started", relay="polling")
                floor = Floor()
                while not self._stop.is_set():
                    self._step(publisher, wakeup, floor)
        finally:
            connection.close()

    def _step(self, publisher: Publisher, wakeup: Wakeup, floor: Floor) -> None:
        with connections[self._using].cursor() as cursor:
            floor.look(cursor)
        claimed, blocked = relay_batch(
            publisher,
            using=self._using,
            batch_size=self._batch_size,
            backoff_max=self._backoff_max,
            floor=floor.position,
        )
        if claimed:
            wakeup.awake()
        else:
            wakeup.wait(_BLOCKED_WAIT if blocked else self._poll_interval)


def relay_batch(
    publisher: Publisher,
    *,
    using: str,
    batch_size: int,
    backoff_max: float,
    floor: int = 0,
    only_retries: bool = False,
) -> tuple[int, int]:
    """Carry one batch; returns how many messages were claimed and how many were found blocked.

    The claim and what the broker said are one transaction: what was not confirmed stays pending whatever happens.
    """
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        claim = store.claim(cursor, batch_size, floor=floor, only_retries=only_retries)
        if claim.messages:
            receipt = publisher.publish(claim.messages)
            for message_id, reason in receipt.refused.items():
                log.error("message_refused", message_id=str(message_id), reason=reason)
            store.settle(cursor, receipt, backoff_max=backoff_max)
    return len(claim.messages), claim.blocked
