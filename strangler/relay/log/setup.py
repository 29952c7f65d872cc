"""Make a database ready for change data capture: role, right to connect, publication. Run again, it changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import psycopg
from django.db import ProgrammingError
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import errors
from psycopg.sql import Composed, Identifier, Literal

from strangler.conf import CdcSettings
from strangler.errors import ConfigurationError
from strangler.relay.log import preconditions, sql
from strangler.relay.log.source import SETTING, Source, source_of
from strangler.relay.log.sql import TABLE

_ROLE = "SELECT rolcanlogin AND (rolreplication OR rolsuper) FROM pg_roles WHERE rolname = %s"
_MAY_CONNECT = "SELECT has_database_privilege(%s, current_database(), 'CONNECT')"
_PUBLISHES_INSERTS = "SELECT pubinsert FROM pg_publication WHERE pubname = %s"
_PUBLISHES_TABLE = "SELECT 1 FROM pg_publication_tables WHERE pubname = %s AND schemaname = %s AND tablename = %s"


class Step(NamedTuple):
    """`privilege`: who may run `statement`. `shown` is the same statement without the password."""

    what: str
    statement: Composed
    shown: Composed
    privilege: str


def prepare(connection: BaseDatabaseWrapper, cdc: CdcSettings) -> list[str]:
    """Returns what was done. Raises `ConfigurationError` with the SQL for somebody who may run what `connection`
    may not, and for everything else that keeps the log from being read.
    """
    source = source_of(cdc)
    _require_wal_level(connection)
    done = [step.what for step in _missing(connection, cdc, source) if _run(connection, step.statement)]
    if left := list(_missing(connection, cdc, source)):
        raise ConfigurationError(_what_is_left(connection, left))
    _require_login(source)
    preconditions.require(connection, cdc, source)
    return done


def _missing(connection: BaseDatabaseWrapper, cdc: CdcSettings, source: Source) -> Iterator[Step]:
    role, password, database = Identifier(source.user), Literal(source.password), Identifier(source.dbname)
    may_replicate = _answer(connection, _ROLE, source.user)
    if may_replicate is not True:
        template, verb = (sql.CREATE_ROLE, "created") if may_replicate is None else (sql.ALTER_ROLE, "altered")
        statement = template.format(role=role, password=password)
        shown = template.format(role=role, password=Literal("..."))
        privilege = "a superuser, or a role with CREATEROLE and REPLICATION"
        yield Step(f"role {source.user}: {verb}, LOGIN REPLICATION", statement, shown, privilege)
    if may_replicate is None or not _answer(connection, _MAY_CONNECT, source.user):
        grant = sql.GRANT_CONNECT.format(database=database, role=role)
        yield Step(f"database {source.dbname}: {source.user} may connect", grant, grant, "the database's owner")
    yield from _missing_publication(connection, cdc.publication)


def _missing_publication(connection: BaseDatabaseWrapper, name: str) -> Iterator[Step]:
    schema = preconditions.outbox_schema(connection)
    publication, table = Identifier(name), Identifier(schema, TABLE)
    inserts = _answer(connection, _PUBLISHES_INSERTS, name)
    if inserts is None:
        create = sql.CREATE_PUBLICATION.format(publication=publication, table=table)
        privilege = f"the owner of {TABLE}, with CREATE on the database"
        yield Step(f"publication {name}: created for {schema}.{TABLE}", create, create, privilege)
        return
    if inserts is False:
        alter = sql.PUBLISH_INSERTS.format(publication=publication)
        yield Step(f"publication {name}: publishes inserts", alter, alter, "the publication's owner")
    if not _answer(connection, _PUBLISHES_TABLE, name, schema, TABLE):
        add = sql.PUBLISH_TABLE.format(publication=publication, table=table)
        privilege = "the publication's owner, who owns the table too"
        yield Step(f"publication {name}: {schema}.{TABLE} added", add, add, privilege)


def _run(connection: BaseDatabaseWrapper, statement: Composed) -> bool:
    """False where PostgreSQL refuses for want of a privilege, or of the role that an earlier refusal left out."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement.as_string(connection.connection))
    except ProgrammingError as error:
        if isinstance(error.__cause__, errors.InsufficientPrivilege | errors.UndefinedObject):
            return False
        raise
    return True


def _what_is_left(connection: BaseDatabaseWrapper, left: list[Step]) -> str:
    user = _answer(connection, "SELECT current_user")
    lines = [f"-- takes {step.privilege}\n{sql.text(step.shown)}" for step in left]
    return f"role {user!r} may not do everything that is missing. Have this run:\n" + "\n".join(lines)


def _require_wal_level(connection: BaseDatabaseWrapper) -> None:
    if (level := _answer(connection, "SHOW wal_level")) != "logical":
        raise ConfigurationError(
            f"PostgreSQL runs with wal_level = {level}, which logs too little. Have a superuser run\n"
            "ALTER SYSTEM SET wal_level = logical;\nand restart the server"
        )


def _require_login(source: Source) -> None:
    try:
        source.connect().close()
    except psycopg.OperationalError as error:
        raise ConfigurationError(
            f"{SETTING} does not let role {source.user!r} in ({str(error).strip()}): correct it, or set the role's "
            f"password with {sql.text(sql.ALTER_ROLE.format(role=Identifier(source.user), password=Literal('...')))}"
        ) from error


def _answer(connection: BaseDatabaseWrapper, query: str, *parameters: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters or None)
        row = cursor.fetchone()
    return row[0] if row else None
