"""Beside Debezium in a host of its own: writes down in the outbox what that host has carried.

Nobody else would: Debezium knows nothing of `relayed_at`, and without it the outbox could not be pruned, and a relay of
another kind would send everything again. Debezium moves its slot only past what its sink has confirmed, so what was
visible before a position of the log is carried once the slot has passed that position.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Event
from typing import NamedTuple
from uuid import UUID

import psycopg
import structlog
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from strangler.brokers import Broker
from strangler.conf import CdcSettings
from strangler.errors import ConfigurationError
from strangler.outages import survive_outages
from strangler.relay import lock, store
from strangler.relay.debezium.handover import Carrier
from strangler.relay.log import preconditions
from strangler.relay.log.source import source_of

log = structlog.get_logger(__name__)

_LOOK_SECONDS = 0.1
_AT_ONCE = 5_000
_CHECKPOINT_ROWS = 50_000
_READER = """
    SELECT reader.pid, reader.backend_start::text FROM pg_replication_slots slot
    LEFT JOIN pg_stat_replication reader ON reader.pid = slot.active_pid WHERE slot_name = %s
"""
_PASSED = "SELECT confirmed_flush_lsn >= %s::pg_lsn FROM pg_replication_slots WHERE slot_name = %s"
_PENDING = "SELECT id FROM strangler_outbox WHERE relayed_at IS NULL AND retry_at IS NULL ORDER BY position LIMIT %s"
_REFUSED = "SELECT EXISTS (SELECT FROM strangler_outbox WHERE relayed_at IS NULL AND retry_at <= now())"
_SETTLE = """
    UPDATE strangler_outbox SET relayed_at = clock_timestamp(), attempts = attempts + 1
    WHERE id = ANY(%s) AND relayed_at IS NULL AND retry_at IS NULL
"""


class Reader(NamedTuple):
    """The session that reads the slot. While it lasts, nobody can have dropped the slot and made it anew."""

    pid: int
    since: str


class Checkpoint(NamedTuple):
    """Rows that were visible before the log reached `position`, while `reader` read the slot."""

    rows: Sequence[UUID]
    position: str
    reader: Reader


class Settler:
    """One works, any number may wait for it to end; it excludes relays of every kind, which would send things twice.

    `stop` ends `run()`. Times are seconds.
    """

    def __init__(
        self,
        broker: Broker,
        *,
        using: str,
        batch_size: int,
        poll_interval: float,
        backoff_max: float,
        cdc: CdcSettings,
        host: str,
        stop: Event,
        at_start: Callable[[], None] = lambda: None,
    ) -> None:
        self._carrier = Carrier(broker, using=using, batch_size=batch_size, backoff_max=backoff_max)
        self._using = using
        self._poll_interval = poll_interval
        self._backoff_max = backoff_max
        self._slot = cdc.slot
        self._publication = cdc.publication
        self._cdc = cdc
        self._source = source_of(cdc)
        self._host = host
        self._stop = stop
        self._at_start = at_start
        self._slot_was_missing = False

    def run(self) -> None:
        """Work until `stop` is set. A database that is away is waited for, longer each time.

        Raises `ConfigurationError` when there is no slot to begin with, or nothing publishes the outbox.
        """
        survive_outages(self._work, stop=self._stop, backoff_max=self._backoff_max)

    def _work(self) -> None:
        connection = connections[self._using]
        connection.close()  # a session of our own: the lock below lives and dies with it
        if not lock.acquire(connection, shared=False, stop=self._stop):
            return
        try:
            preconditions.require(connection, self._cdc, self._source)
            self._at_start()
            with connection.cursor() as cursor:
                store.pin_plans(cursor)
            self._watch(connection)
        finally:
            connection.close()

    def _watch(self, connection: BaseDatabaseWrapper) -> None:
        with self._source.connect() as session:
            if not self._slot_was_missing:
                self._begin(session)
            log.info("relay_started", relay=self._host, slot=self._slot)
            while not self._stop.is_set():
                settled = self._settle_what_is_carried(connection, session)
                self._carry_refused(connection)
                if not settled:
                    self._stop.wait(self._poll_interval)

    def _begin(self, session: psycopg.Connection) -> None:
        """While nobody reads the slot, it is safe to carry what a slot may not have that was made by hand."""
        preconditions.require_slot(self._cdc, self._source)
        if self._reader(session) is None and (carried := self._carrier.carry_all()):
            log.info("carried_before_debezium", events=carried)

    def _settle_what_is_carried(self, connection: BaseDatabaseWrapper, session: psycopg.Connection) -> int:
        """One checkpoint; returns how many rows were settled."""
        reader = self._reader(session)
        if reader is None:
            return 0
        checkpoint = _checkpoint(connection, reader)
        if not checkpoint.rows or not self._passed(session, checkpoint):
            return 0
        schema = preconditions.outbox_schema(connection)
        if not preconditions.is_published(session, self._publication, schema):
            raise ConfigurationError(
                f"publication {self._publication!r} does not publish {schema}.strangler_outbox any more: events are "
                "skipped. `manage.py cdc_doctor` says what to do"
            )
        return _settle(connection, checkpoint.rows)

    def _passed(self, session: psycopg.Connection, checkpoint: Checkpoint) -> bool:
        """Wait until the slot has passed it. False when somebody else reads the slot by now, or `stop` was set."""
        while not self._stop.is_set():
            passed = session.execute(_PASSED, [checkpoint.position, self._slot]).fetchone()
            if self._reader(session) != checkpoint.reader:
                return False
            if passed == (True,):
                return True
            self._stop.wait(_LOOK_SECONDS)
        return False

    def _reader(self, session: psycopg.Connection) -> Reader | None:
        """A slot that vanishes takes events with it, and Debezium without offsets makes a new one in silence."""
        row = session.execute(_READER, [self._slot]).fetchone()
        if row is None:
            if not self._slot_was_missing:
                log.error("slot_missing", slot=self._slot, hint="run `manage.py cdc_doctor`")
            self._slot_was_missing = True
            return None
        if self._slot_was_missing:
            log.warning("slot_made_anew", slot=self._slot, events=self._carrier.carry_all())
            self._slot_was_missing = False
        return Reader(*row) if row[0] is not None else None

    def _carry_refused(self, connection: BaseDatabaseWrapper) -> None:
        """What a relay of another kind left: late for its key if the host has carried a later event, but not lost."""
        with connection.cursor() as cursor:
            cursor.execute(_REFUSED)
            refused = cursor.fetchone() == (True,)
        if refused:
            self._carrier.carry_refused()


def _checkpoint(connection: BaseDatabaseWrapper, reader: Reader) -> Checkpoint:
    """The rows first: what they were seen with is in the log before the position that is asked for afterwards."""
    with connection.cursor() as cursor:
        cursor.execute(_PENDING, [_CHECKPOINT_ROWS])
        rows = [id for (id,) in cursor.fetchall()]
        cursor.execute("SELECT pg_current_wal_insert_lsn()::text")
        ((position,),) = cursor.fetchall()
    return Checkpoint(rows, position, reader)


def _settle(connection: BaseDatabaseWrapper, rows: Sequence[UUID]) -> int:
    settled = 0
    with connection.cursor() as cursor:
        for start in range(0, len(rows), _AT_ONCE):
            cursor.execute(_SETTLE, [list(rows[start : start + _AT_ONCE])])
            settled += cursor.rowcount
    return settled
