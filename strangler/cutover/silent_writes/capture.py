"""The audit's own slot and publications, beside those of the outbox's relay and never in their way."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from threading import Event
from typing import NamedTuple

import psycopg
from django.db import ProgrammingError
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import errors
from psycopg.sql import SQL, Composed, Identifier

from strangler.conf import CdcSettings
from strangler.cutover.silent_writes.declared import Declared
from strangler.errors import CaptureUnavailable, ConfigurationError
from strangler.relay.log import preconditions, slot, sql
from strangler.relay.log.source import Source
from strangler.relay.stream.changes import Table

_NAME = re.compile(r"[a-z0-9_]{1,56}")
_TABLE = """
    SELECT nspname, relname, relreplident IN ('f', 'i') OR relreplident = 'd' AND EXISTS (
        SELECT 1 FROM pg_index WHERE indrelid = pg_class.oid AND indisprimary)
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE pg_class.oid = to_regclass(%s)
"""
_PUBLICATION = "SELECT 1 FROM pg_publication WHERE pubname = %s"
_PUBLISHED = "SELECT schemaname, tablename FROM pg_publication_tables WHERE pubname = %s"
_SLOT = """
    SELECT plugin = 'pgoutput' AND database = current_database(), active_pid, wal_status = 'lost'
    FROM pg_replication_slots WHERE slot_name = %s
"""


class Names(NamedTuple):
    """What the audit makes in the database. The outbox has a publication of its own, for its inserts alone."""

    slot: str
    changes: str
    events: str

    @classmethod
    def of(cls, name: str, cdc: CdcSettings) -> Names:
        """Raises `ConfigurationError`."""
        if not _NAME.fullmatch(name):
            raise ConfigurationError(f"--slot {name!r}: a slot's name is of a-z, 0-9 and _, here at most 56 of them")
        names = cls(name, name, f"{name}_outbox")
        if {cdc.slot, cdc.publication} & set(names):
            raise ConfigurationError(f'--slot {name!r}: the outbox\'s relay uses it (STRANGLER["CDC"])')
        return names


def tables_of(connection: BaseDatabaseWrapper, models: list[Declared]) -> dict[Table, Declared]:
    """Raises `ConfigurationError` where there is nothing to audit, and for a table that can't be published: UPDATE
    and DELETE on it would fail from then on.
    """
    if not models:
        raise ConfigurationError('STRANGLER["MODELS_WITH_EVENTS"] is empty: it names the models to look after')
    found: dict[Table, Declared] = {}
    for each in models:
        table = connection.ops.quote_name(each.model._meta.db_table)
        with connection.cursor() as cursor:
            cursor.execute(_TABLE, [table])
            row = cursor.fetchone()
        if row is None:
            raise ConfigurationError(f"{each.label} has no table {table}: run `manage.py migrate`")
        schema, name, identified = row
        if not identified:
            raise ConfigurationError(
                f"table {table} of {each.label} has no replica identity, so it can't be published: give it a primary "
                f"key, or run ALTER TABLE {table} REPLICA IDENTITY FULL;"
            )
        found[schema, name] = each
    return found


def prepare(
    connection: BaseDatabaseWrapper, source: Source, names: Names, tables: Mapping[Table, Declared]
) -> list[str]:
    """Make what is missing: publications first, because a slot does not know one that is younger. Returns what was
    done. Raises `ConfigurationError`, or `CaptureUnavailable` while another audit reads the slot.
    """
    outbox = preconditions.outbox_schema(connection), sql.TABLE
    with source.connect() as log:
        preconditions.require_same_database(connection, log)
        missing = _slot_is_missing(log, names.slot)
        done = [*_publish(connection, names.changes, list(tables), sql.CREATE_PUBLICATION_OF_CHANGES)]
        done += _publish(connection, names.events, [outbox], sql.CREATE_PUBLICATION)
        if missing:
            slot.make(log, names.slot, Event())
            done.append(f"slot {names.slot}: made; the audit begins here")
    return done


def drop(connection: BaseDatabaseWrapper, source: Source, names: Names) -> list[str]:
    """Returns what was done. Raises `CaptureUnavailable` while the slot is read."""
    done: list[str] = []
    with source.connect() as log:
        if not _slot_is_missing(log, names.slot, lost=True):
            slot.drop(log, names.slot)
            done.append(f"slot {names.slot}: dropped")
    for name in names[1:]:
        if _rows(connection, _PUBLICATION, name):
            _run(connection, sql.DROP_PUBLICATION.format(publication=Identifier(name)))
            done.append(f"publication {name}: dropped")
    return done


def _slot_is_missing(log: psycopg.Connection, name: str, *, lost: bool = False) -> bool:
    """`lost`: whether a slot that the server gave up will do."""
    row = log.execute(_SLOT, [name]).fetchone()
    if row is None:
        return True
    ours, pid, is_lost = row
    if not ours:
        raise ConfigurationError(f"--slot {name}: that is a slot of another database or plugin: choose another name")
    if pid is not None:
        raise CaptureUnavailable(f"slot {name} is read by process {pid} of the server: another audit runs")
    if is_lost and not lost:
        raise ConfigurationError(
            f"slot {name} is lost: it kept more log than max_slot_wal_keep_size. What was written since the last audit "
            f"can't be looked at any more. Begin anew: `manage.py audit_writes --drop --slot {name}`"
        )
    return False


def _publish(connection: BaseDatabaseWrapper, name: str, tables: list[Table], create: SQL) -> Iterator[str]:
    publication = Identifier(name)
    table = SQL(", ").join(Identifier(*each) for each in tables)
    if not _rows(connection, _PUBLICATION, name):
        _run(connection, create.format(publication=publication, table=table))
        yield f"publication {name}: created"
    elif set(_rows(connection, _PUBLISHED, name)) != set(tables):
        _run(connection, sql.SET_TABLE.format(publication=publication, table=table))
        yield f"publication {name}: has the tables of now"


def _run(connection: BaseDatabaseWrapper, statement: Composed) -> None:
    """Raises `ConfigurationError` with the SQL for somebody who may run it."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement.as_string(connection.connection))
    except ProgrammingError as error:
        if not isinstance(error.__cause__, errors.InsufficientPrivilege):
            raise
        raise ConfigurationError(
            f"{str(error).strip()}. Have the owner of the tables run this, with CREATE on the database:\n"
            f"{sql.text(statement)}"
        ) from error


def _rows(connection: BaseDatabaseWrapper, query: str, *parameters: str) -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return list(cursor.fetchall())
