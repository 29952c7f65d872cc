"""Beside the stream: carries what was refused or put off, in order per key, and whatever the stream never brought."""

from __future__ import annotations

from threading import Event, Thread
from types import TracebackType
from typing import Self

import structlog
from django.db import connections

from strangler.brokers import Broker
from strangler.outages import survive_outages
from strangler.relay import store
from strangler.relay.log import ledger
from strangler.relay.polling import relay_batch

log = structlog.get_logger(__name__)

OVERDUE_SECONDS = 30.0


class Sweeper:
    """A thread with a database session and a publisher of its own. `with Sweeper(...) as sweeper:`"""

    def __init__(self, broker: Broker, *, using: str, batch_size: int, interval: float, backoff_max: float) -> None:
        self._broker = broker
        self._using = using
        self._batch_size = batch_size
        self._interval = interval
        self._backoff_max = backoff_max
        self._stop = Event()
        self._wake = Event()
        self._overdue = Event()
        self._error: Exception | None = None
        self._thread = Thread(target=self._run, name="sweeper", daemon=True)

    def wake(self) -> None:
        """There is something to sweep: don't wait for the interval."""
        self._wake.set()

    def check(self) -> bool:
        """Raise what ended the thread, if something did. True when the stream has failed to bring events since."""
        if self._error is not None:
            raise self._error
        overdue = self._overdue.is_set()
        self._overdue.clear()
        return overdue

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            survive_outages(self._sweep, stop=self._stop, backoff_max=self._backoff_max)
        except Exception as error:  # noqa: BLE001  (raised again by check())
            self._error = error

    def _sweep(self) -> None:
        connection = connections[self._using]  # of this thread
        try:
            with connection.cursor() as cursor:
                store.pin_plans(cursor)
            with self._broker.publisher() as publisher:
                while not self._stop.is_set():
                    with connection.cursor() as cursor:
                        if overdue := ledger.adopt(cursor, older_than=OVERDUE_SECONDS):
                            log.warning("events_overdue", events=overdue, hint="the log has not brought them")
                            self._overdue.set()
                    self._wake.clear()
                    claimed, _ = relay_batch(
                        publisher,
                        using=self._using,
                        batch_size=self._batch_size,
                        backoff_max=self._backoff_max,
                        only_retries=True,
                    )
                    if not claimed:
                        self._wake.wait(self._interval)
        finally:
            connection.close()
