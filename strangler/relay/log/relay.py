"""The relay whose transport is the write-ahead log, whoever reads it: see docs/adr/0003 for why nothing gets lost."""

from __future__ import annotations

from concurrent.futures import Future
from threading import Event

import structlog
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from strangler.brokers import Broker, Publisher
from strangler.conf import CdcSettings
from strangler.outages import survive_outages
from strangler.relay import lock, store
from strangler.relay.log import ledger, preconditions
from strangler.relay.log.carrying import Stream
from strangler.relay.log.flow import Flow
from strangler.relay.log.reading import Log, Reader
from strangler.relay.log.source import source_of
from strangler.relay.log.sweeper import Sweeper
from strangler.relay.polling import relay_batch

log = structlog.get_logger(__name__)

_POLL_SECONDS = 0.1


class LogRelay:
    """One works, any number may wait for it to end. `stop` ends `run()` after the batches in hand. Times are seconds.

    Raises `ConfigurationError` when it is made without a usable `CDC["DATABASE_URL"]`.
    """

    def __init__(
        self,
        reads: Log,
        broker: Broker,
        *,
        using: str,
        batch_size: int,
        poll_interval: float,
        backoff_max: float,
        cdc: CdcSettings,
        stop: Event,
    ) -> None:
        self._log = reads
        self._broker = broker
        self._using = using
        self._batch_size = batch_size
        self._poll_interval = poll_interval
        self._backoff_max = backoff_max
        self._cdc = cdc
        self._source = source_of(cdc)
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
            preconditions.require(connection, self._cdc, self._source)
            with connection.cursor() as cursor:
                store.pin_plans(cursor)
            with self._broker.publisher() as publisher, self._log.slot() as slot:
                self._poll_until(slot, publisher)
                if not self._stop.is_set():
                    self._drain(publisher, connection)
                    self._stream(publisher, connection)
        finally:
            connection.close()

    def _poll_until(self, slot: Future[bool], publisher: Publisher) -> None:
        """A long transaction of somebody else keeps the slot waiting, not the events."""
        log.info("relay_started", relay=self._log.name)
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
        if self._stop.is_set():
            return
        with self._sweeper() as sweeper, self._log.reader(preconditions.outbox_schema(connection)) as reader:
            self._poll_until_the_log_flows(reader, publisher)
            stream = Stream(connection, backoff_max=self._backoff_max, on_deferred=sweeper.wake, stop=self._stop)
            with Flow(reader, stream, publisher, batch_size=self._batch_size) as flow:
                while not self._stop.is_set():
                    if sweeper.check():
                        preconditions.require(connection, self._cdc, self._source)
                    flow.step(_POLL_SECONDS)
                flow.finish()

    def _poll_until_the_log_flows(self, reader: Reader, publisher: Publisher) -> None:
        """A reader may take seconds to start. The log brings these events too, and the outbox says they are done."""
        while not self._stop.is_set():
            if reader.flows(_POLL_SECONDS):
                log.info("relay_streams", relay=self._log.name, slot=self._cdc.slot)
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
