"""The replication slot: of a relay in this process, made anew for every run and gone at its end, or a lasting one.

The outbox says what is still to be carried, so a relay's slot has nothing to remember between two runs; one that
outlives its reader would keep write-ahead log until the disk is full.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from threading import Event
from time import monotonic

import psycopg
import structlog
from django.db import connections
from psycopg import errors
from psycopg.sql import SQL

from strangler.conf import CdcSettings
from strangler.errors import CaptureUnavailable, ConfigurationError
from strangler.relay.log import sql
from strangler.relay.log.source import Source, source_of

log = structlog.get_logger(__name__)

_PREDECESSOR_SECONDS = 15.0
_LEFTOVER = """
    SELECT active_pid FROM pg_replication_slots
    WHERE slot_name = %s AND database = current_database() AND plugin = 'pgoutput' AND NOT temporary
"""
_STATE = "SELECT active_pid, database, plugin FROM pg_replication_slots WHERE slot_name = %s"


@contextmanager
def slot_of_this_run(name: str, source: Source) -> Iterator[Future[bool]]:
    """Yields at once: making a slot waits for every transaction that is writing at that moment."""
    with source.connect() as connection, _making(connection, name, sql.CREATE_SLOT) as made:
        yield made
    if _may_exist(made):
        _drop_at_the_end(name, source)


@contextmanager
def slot_of_this_session(connection: psycopg.Connection, name: str) -> Iterator[Future[bool]]:
    """The same, but the slot ends with the session, however that ends: nothing is left behind to keep log."""
    with _making(connection, name, sql.CREATE_TEMPORARY_SLOT) as made:
        yield made


@contextmanager
def _making(connection: psycopg.Connection, name: str, statement: SQL) -> Iterator[Future[bool]]:
    leave = Event()
    with ThreadPoolExecutor(1, "slot") as pool:
        made = pool.submit(make, connection, name, leave, statement)
        try:
            yield made
        finally:
            leave.set()
            while not made.done():
                with suppress(psycopg.Error):
                    connection.cancel_safe(timeout=1.0)
                wait([made], timeout=0.1)


def drop_leftover(cdc: CdcSettings, *, using: str) -> None:
    """For other relays, at their start: drop the slot that a killed Debezium relay left, which keeps log for ever.

    One that is in use is left alone. Without the means to drop it, warns naming the slot and the SQL.
    """
    with connections[using].cursor() as cursor:
        cursor.execute(_LEFTOVER, [cdc.slot])
        row = cursor.fetchone()
    if row is None:
        return
    if row[0] is not None:
        log.warning(
            "slot_in_use", slot=cdc.slot, hint="if Debezium runs beside this relay, all goes out twice: stop it"
        )
        return
    try:
        with source_of(cdc).connect() as connection:
            drop(connection, cdc.slot)
    except (psycopg.Error, ConfigurationError) as error:
        log.warning(
            "unused_slot_keeps_log",
            slot=cdc.slot,
            reason=str(error).strip(),
            hint=f"the disk of this PostgreSQL fills up; have it dropped: {drop_text(cdc.slot)}",
        )


def is_missing(name: str, source: Source) -> bool:
    """Raises psycopg.OperationalError."""
    with source.connect() as connection:
        return connection.execute(_STATE, [name]).fetchone() is None


def make(connection: psycopg.Connection, name: str, leave: Event, statement: SQL = sql.CREATE_SLOT) -> bool:
    """Waits for every transaction that is writing; one of that name is replaced. False when `leave` was set first."""
    _wait_for_predecessor(connection, name, leave)
    if leave.is_set():
        return False
    try:
        drop(connection, name)
        connection.execute(statement.format(slot=name))
    except errors.InsufficientPrivilege as error:
        raise ConfigurationError(f"{error.diag.message_primary}: `manage.py cdc_setup` makes the role right") from error
    except errors.ObjectNotInPrerequisiteState as error:
        raise ConfigurationError(
            f"{error.diag.message_primary}: ALTER SYSTEM SET wal_level = logical; and restart PostgreSQL"
        ) from error
    except errors.ConfigurationLimitExceeded as error:
        raise ConfigurationError(
            f"{error.diag.message_primary}: raise max_replication_slots, or drop one in pg_replication_slots"
        ) from error
    return True


def _wait_for_predecessor(connection: psycopg.Connection, name: str, leave: Event) -> None:
    """The server takes a moment to see that a killed relay is gone. Raises `CaptureUnavailable` after a while."""
    deadline = monotonic() + _PREDECESSOR_SECONDS
    while (row := connection.execute(_STATE, [name]).fetchone()) is not None:
        pid, database, plugin = row
        if (database, plugin) != (connection.info.dbname, "pgoutput"):
            raise ConfigurationError(
                f'STRANGLER["CDC"]["SLOT"] = {name!r} is a {plugin} slot of database {database!r} already: '
                "choose another name"
            )
        if pid is None or leave.wait(0.1):
            return
        if monotonic() > deadline:
            raise CaptureUnavailable(f"slot {name!r} is in use by process {pid} of the server: another reader holds it")


def drop(connection: psycopg.Connection, name: str) -> None:
    with suppress(errors.UndefinedObject):
        connection.execute(sql.DROP_SLOT.format(slot=name))


def _may_exist(made: Future[bool]) -> bool:
    """The server may have made the slot for good just before it heard that we gave up."""
    error = made.exception()
    return made.result() if error is None else isinstance(error, errors.QueryCanceled)


def _drop_at_the_end(name: str, source: Source) -> None:
    try:
        with source.connect() as connection:
            _wait_for_predecessor(connection, name, Event())
            drop(connection, name)
    except (psycopg.Error, CaptureUnavailable) as error:
        log.warning("slot_left_behind", slot=name, reason=str(error).strip(), hint="the next relay drops it")


def drop_text(name: str) -> str:
    return sql.text(sql.DROP_SLOT.format(slot=name))
