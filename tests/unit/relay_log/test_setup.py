"""`manage.py cdc_setup`: does what it may, names what it may not and who may, and can be run again."""

from __future__ import annotations

import psycopg
import pytest
from django.db import connection

from strangler.conf import CdcSettings
from strangler.errors import ConfigurationError
from strangler.relay.log.preconditions import require
from strangler.relay.log.setup import prepare
from strangler.relay.log.source import source_of


def make_role(superuser: psycopg.Connection, name: str, options: str = "LOGIN REPLICATION") -> None:
    superuser.execute(f"CREATE ROLE {name} {options} PASSWORD 'secret'")


def test_the_owner_makes_what_is_missing_once_the_role_is_there(
    superuser: psycopg.Connection, cdc: CdcSettings
) -> None:
    make_role(superuser, cdc.slot)
    assert prepare(connection, cdc) == [f"publication {cdc.publication}: created for public.strangler_outbox"]
    require(connection, cdc, source_of(cdc))
    assert prepare(connection, cdc) == []


def test_an_administrator_makes_the_role_too_and_it_may_do_nothing_else(
    superuser: psycopg.Connection, cdc: CdcSettings
) -> None:
    superuser.execute("ALTER ROLE tests CREATEROLE REPLICATION")
    try:
        done = prepare(connection, cdc)
    finally:
        superuser.execute("ALTER ROLE tests NOCREATEROLE NOREPLICATION")
    assert done[0] == f"role {cdc.slot}: created, LOGIN REPLICATION"
    with (
        source_of(cdc).connect() as session,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        session.execute("SELECT * FROM strangler_outbox")


def test_who_may_not_make_the_role_gets_the_sql_for_who_may(cdc: CdcSettings) -> None:
    with pytest.raises(ConfigurationError) as raised:
        prepare(connection, cdc)
    text = str(raised.value)
    assert "role 'tests' may not" in text
    assert f"CREATE ROLE \"{cdc.slot}\" LOGIN REPLICATION PASSWORD '...'" in text
    assert "-- takes a superuser" in text
    assert "secret" not in text


def test_the_sql_it_prints_is_all_that_was_missing(superuser: psycopg.Connection, cdc: CdcSettings) -> None:
    with pytest.raises(ConfigurationError) as raised:
        prepare(connection, cdc)
    superuser.execute(str(raised.value).partition("\n")[2].replace("'...'", "'secret'"))
    assert prepare(connection, cdc) == []


def test_a_role_without_replication_is_named(superuser: psycopg.Connection, cdc: CdcSettings) -> None:
    make_role(superuser, cdc.slot, "LOGIN")
    with pytest.raises(ConfigurationError, match=f'ALTER ROLE "{cdc.slot}" LOGIN REPLICATION'):
        prepare(connection, cdc)


def test_another_password_than_the_roles_is_named(superuser: psycopg.Connection, cdc: CdcSettings) -> None:
    make_role(superuser, cdc.slot)
    superuser.execute(f"ALTER ROLE {cdc.slot} PASSWORD 'other'")
    with pytest.raises(ConfigurationError, match=r"DATABASE_URL.* does not let role"):
        prepare(connection, cdc)


def test_a_publication_that_publishes_too_little_is_made_right(superuser: psycopg.Connection, cdc: CdcSettings) -> None:
    make_role(superuser, cdc.slot)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE PUBLICATION {cdc.publication} WITH (publish = 'update')")
    prepare(connection, cdc)
    require(connection, cdc, source_of(cdc))


def test_a_url_to_another_database_is_refused(superuser: psycopg.Connection, cdc: CdcSettings) -> None:
    make_role(superuser, cdc.slot)
    there = connection.settings_dict["NAME"]
    elsewhere = cdc.model_copy(update={"database_url": cdc.database_url.replace(f"/{there}", "/tests")})
    superuser.execute(f"GRANT CONNECT ON DATABASE tests TO {cdc.slot}")
    try:
        with pytest.raises(ConfigurationError, match="leads to another database than the outbox"):
            require(connection, cdc, source_of(elsewhere))
    finally:
        superuser.execute(f"REVOKE CONNECT ON DATABASE tests FROM {cdc.slot}")


def test_a_missing_publication_is_named_with_the_command_that_makes_it(
    superuser: psycopg.Connection, cdc: CdcSettings
) -> None:
    make_role(superuser, cdc.slot)
    with pytest.raises(ConfigurationError, match=r"publication .* run `manage\.py cdc_setup`"):
        require(connection, cdc, source_of(cdc))
