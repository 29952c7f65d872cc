"""The relay whose transport is the write-ahead log; see docs/adr/0003-debezium-relay.md for why nothing gets lost."""

from __future__ import annotations

from concurrent.futures import Future
from threading import Event
from typing import TYPE_CHECKING

import structlog
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from strangler.brokers import Broker, Publisher
from strangler.conf import DebeziumSettings
from strangler.outages import survive_outages
from strangler.relay import lock, store
from strangler.relay.debezium import config, jvm, ledger, preconditions
from strangler.relay.debezium.slot import slot_of_this_run
from strangler.relay.debezium.source import source_of
from strangler.relay.debezium.sweeper import Sweeper
from strangler.relay.polling import relay_batch

if TYPE_CHECKING:
    from strangler.relay.debezium.engine import Engine

log = structlog.get_logger(__name__)

_POLL_SECONDS = 0.1


class DebeziumRelay:
    """One works, any number may wait for it to end. `stop` ends `run()` after the batch in hand. Times are seconds.

    Raises `ConfigurationError` when it is made without the packages or a usable `DEBEZIUM["DATABASE_URL"]`.
    """

    def __init__(
        self,
        broker: Broker,
        *,
        using: str,
        batch_size: int,
        poll_interval: float,
        backoff_max: float,
        debezium: DebeziumSettings,
        stop: Event,
    ) -> None:
        jvm.require_packages()
        self._broker = broker
        self._using = using
        self._batch_size = batch_size
        self._poll_interval = poll_interval
        self._backoff_max = backoff_max
        self._debezium = debezium
        self._source = source_of(debezium)
        self._stop = stop

    def run(self) -> None:
        """Work until `stop` is set. A broker or database that is away is waited for, longer each time."""
        survive_outages(self._work, stop=self._stop, backoff_max=self._backoff_max)

    def _work(self) -> None:
        connection = connections[self._using]
        connection.close()  # a session of our own: the lock below lives and dies with it
        if not lock.acquire(connection, shared=False, stop=self._stop):
            return
        try:
            preconditions.require(connection, self._debezium, self._source)
            with connection.cursor() as cursor:
                store.pin_plans(cursor)
            with (
                self._broker.publisher() as publisher,
                slot_of_this_run(self._debezium.slot, self._source) as slot,
            ):
                self._poll_until(slot, publisher)
                if not self._stop.is_set():
                    self._drain(publisher, connection)
                    self._stream(publisher, connection)
        finally:
            connection.close()

    def _poll_until(self, slot: Future[bool], publisher: Publisher) -> None:
        """A long transaction of somebody else keeps the slot waiting, not the events."""
        log.info("relay_started", relay="debezium")
        while not slot.done() and not self._stop.is_set():
            self._relay_pending(publisher)
            self._stop.wait(0.05)
        if slot.done():
            slot.result()

    def _drain(self, publisher: Publisher, connection: BaseDatabaseWrapper) -> None:
        """Every row that the slot will not bring is visible by now: carry it, or leave it to the sweeper."""
        self._relay_pending(publisher)
        with connection.cursor() as cursor:
            ledger.adopt(cursor)

    def _relay_pending(self, publisher: Publisher) -> None:
        full = True
        while full and not self._stop.is_set():
            claimed, blocked = relay_batch(
                publisher, using=self._using, batch_size=self._batch_size, backoff_max=self._backoff_max
            )
            full = claimed > 0 and claimed + blocked == self._batch_size

    def _stream(self, publisher: Publisher, connection: BaseDatabaseWrapper) -> None:
        from strangler.relay.debezium.engine import Engine  # needs the packages that __init__ asked for
        from strangler.relay.debezium.stream import Stream

        properties = config.embedded(
            self._debezium,
            self._source,
            schema=preconditions.outbox_schema(connection),
            batch_size=self._batch_size,
        )
        engine = Engine(properties)
        if self._stop.is_set():
            return
        with self._sweeper() as sweeper, engine:
            stream = Stream(
                connection, publisher, backoff_max=self._backoff_max, on_deferred=sweeper.wake, stop=self._stop
            )
            self._poll_until_the_log_flows(engine, publisher)
            while not self._stop.is_set():
                sweeper.check()
                captured = engine.poll(_POLL_SECONDS)
                if captured and stream.carry(captured):
                    engine.done()

    def _poll_until_the_log_flows(self, engine: Engine, publisher: Publisher) -> None:
        """The engine takes seconds to start. The log brings these events too, and the outbox says they are done."""
        while not self._stop.is_set():
            if engine.flows(_POLL_SECONDS):
                log.info("relay_streams", relay="debezium", slot=self._debezium.slot)
                return
            self._relay_pending(publisher)

    def _sweeper(self) -> Sweeper:
        return Sweeper(
            self._broker,
            using=self._using,
            batch_size=self._batch_size,
            interval=self._poll_interval,
            backoff_max=self._backoff_max,
        )
