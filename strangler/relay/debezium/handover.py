"""A lasting slot and the events it does not have: both or neither, so that nothing is skipped and nothing overtakes.

A new slot brings what commits after its making. What was pending then must reach the broker before a host of Debezium
reads the slot, or later events of a key would arrive first.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Timer

from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper

from strangler.brokers import Broker, Publisher, connect
from strangler.conf import settings
from strangler.errors import RelayError
from strangler.outbox.models import OutboxMessage
from strangler.relay import lock, store
from strangler.relay.log import slot
from strangler.relay.log.source import Source
from strangler.relay.polling import relay_batch

_LOCK_SECONDS = 5.0
_NO_WAITING = "UPDATE strangler_outbox SET retry_at = NULL WHERE relayed_at IS NULL AND retry_at IS NOT NULL"
_REFUSED = """
    SELECT count(*) OVER (), routing_key, id, last_error FROM strangler_outbox
    WHERE relayed_at IS NULL AND retry_at IS NOT NULL ORDER BY position LIMIT 1
"""


class Carrier:
    """Carries what is pending the polling way. `batch_size` messages at a time; `backoff_max` in seconds."""

    def __init__(self, broker: Broker, *, using: str, batch_size: int, backoff_max: float) -> None:
        self._broker = broker
        self.using = using
        self._batch_size = batch_size
        self._backoff_max = backoff_max

    def carry_all(self) -> int:
        """Until nothing is pending but what the broker refused; returns how many rows were tried."""
        with self._broker.publisher() as publisher:
            return sum(self._batches(publisher, only_retries=False))

    def carry_refused(self) -> int:
        """Once more what the broker refused and is due again."""
        with self._broker.publisher() as publisher:
            return sum(self._batches(publisher, only_retries=True))

    def require_none_refused(self, connection: BaseDatabaseWrapper) -> None:
        """Raises `RelayError` with the first refusal."""
        with connection.cursor() as cursor:
            cursor.execute(_REFUSED)
            row = cursor.fetchone()
        if row is not None:
            count, routing_key, id, error = row
            raise RelayError(
                f"the broker refuses {count} pending events, the first of them {routing_key} {id}: {error}. Once "
                "Debezium carries the later ones of their keys, these would come too late: let the broker take them "
                "(or delete the rows), then run this again"
            )

    def _batches(self, publisher: Publisher, *, only_retries: bool) -> Iterator[int]:
        claimed = -1
        while claimed:
            claimed, _ = relay_batch(
                publisher,
                using=self.using,
                batch_size=self._batch_size,
                backoff_max=self._backoff_max,
                only_retries=only_retries,
            )
            yield claimed


def carrier_of_settings() -> Carrier:
    """Raises `ConfigurationError` when no adapter takes `BROKER_URL`."""
    return Carrier(
        connect(settings.broker_url, exchange=settings.exchange),
        using=router.db_for_write(OutboxMessage),
        batch_size=settings.relay_batch_size,
        backoff_max=settings.relay_backoff_max,
    )


def make_slot_and_carry(name: str, source: Source, carrier: Carrier) -> int:
    """Make the slot anew and carry what is pending by then; returns how many events that were.

    Waits for transactions that are writing. Raises `RelayError` while a relay runs, or when the broker refuses an
    event; psycopg.OperationalError, `BrokerUnavailable`. Whatever is raised, the slot is gone again.
    """
    with alone(carrier.using) as connection, source.connect() as log:
        slot.make(log, name, Event())
        try:
            with connection.cursor() as cursor:
                cursor.execute(_NO_WAITING)
            carried = carrier.carry_all()
            carrier.require_none_refused(connection)
        except BaseException:
            slot.drop(log, name)
            raise
    return carried


@contextmanager
def alone(using: str) -> Iterator[BaseDatabaseWrapper]:
    """No relay of any kind runs meanwhile. Raises `RelayError` when one does, after a few seconds."""
    connection = connections[using]
    connection.close()  # a session of our own: the lock lives and dies with it
    give_up = Event()
    timer = Timer(_LOCK_SECONDS, give_up.set)
    timer.start()
    try:
        if not lock.acquire(connection, shared=False, stop=give_up):
            raise RelayError("a relay runs on this outbox: stop `manage.py relay` first, and start it again afterwards")
        with connection.cursor() as cursor:
            store.pin_plans(cursor)
        yield connection
    finally:
        timer.cancel()
        connection.close()
