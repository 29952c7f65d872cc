"""What must be so before a log can be read; each thing that is not is an error that says how to make it so."""

from __future__ import annotations

import psycopg
from django.db.backends.base.base import BaseDatabaseWrapper

from strangler.conf import CdcSettings
from strangler.errors import ConfigurationError
from strangler.relay.log.slot import is_missing
from strangler.relay.log.source import SETTING, Source
from strangler.relay.log.sql import TABLE

_SERVER = "SELECT current_database(), pg_postmaster_start_time()"
_SCHEMA = "SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = to_regclass(%s)"
_PUBLISHED = """
    SELECT pubinsert FROM pg_publication JOIN pg_publication_tables USING (pubname)
    WHERE pubname = %s AND schemaname = %s AND tablename = %s
"""


def outbox_schema(connection: BaseDatabaseWrapper) -> str:
    """Raises `ConfigurationError` where the outbox was never migrated."""
    with connection.cursor() as cursor:
        cursor.execute(_SCHEMA, [TABLE])
        row = cursor.fetchone()
    if row is None:
        raise ConfigurationError(f"database {connection.alias!r} has no table {TABLE}: run `manage.py migrate`")
    return str(row[0])


def require(connection: BaseDatabaseWrapper, cdc: CdcSettings, source: Source) -> None:
    """Raises `ConfigurationError`, or psycopg.OperationalError when the source is away."""
    schema = outbox_schema(connection)
    with source.connect() as log:
        require_same_database(connection, log)
        if not is_published(log, cdc.publication, schema):
            raise ConfigurationError(
                f"publication {cdc.publication!r} does not publish the inserts of {schema}.{TABLE}: "
                "run `manage.py cdc_setup`"
            )


def require_same_database(connection: BaseDatabaseWrapper, log: psycopg.Connection) -> None:
    """Raises `ConfigurationError`."""
    with connection.cursor() as cursor:
        cursor.execute(_SERVER)
        outbox = cursor.fetchone()
    if log.execute(_SERVER).fetchone() != outbox:
        raise ConfigurationError(f"{SETTING} leads to another database than the outbox in {connection.alias!r}")


def require_slot(cdc: CdcSettings, source: Source) -> None:
    """Debezium would make a missing one itself, later than now and without telling. Raises `ConfigurationError`."""
    if is_missing(cdc.slot, source):
        raise ConfigurationError(
            f'there is no slot {cdc.slot!r} (STRANGLER["CDC"]["SLOT"]): `manage.py cdc_setup` makes it; '
            "where it was there before, stop Debezium and run `manage.py cdc_doctor --recover`"
        )


def is_published(connection: psycopg.Connection, publication: str, schema: str) -> bool:
    return connection.execute(_PUBLISHED, [publication, schema, TABLE]).fetchone() == (True,)
