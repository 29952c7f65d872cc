"""`manage.py cdc_setup`: does what it may, names what it may not and who may, and can be run again."""

from __future__ import annotations

import psycopg
import pytest
from django.db import connection

from strangler.conf import DebeziumSettings
from strangler.errors import ConfigurationError
from strangler.relay.debezium.preconditions import require
from strangler.relay.debezium.setup import prepare
from strangler.relay.debezium.source import source_of


def make_role(superuser: psycopg.Connection, name: str, options: str = "LOGIN REPLICATION") -> None:
    superuser.execute(f"CREATE ROLE {name} {options} PASSWORD 'secret'")


def test_the_owner_makes_what_is_missing_once_the_role_is_there(
    superuser: psycopg.Connection, debezium: DebeziumSettings
) -> None:
    make_role(superuser, debezium.slot)
    assert prepare(connection, debezium) == [f"publication {debezium.publication}: created for public.strangler_outbox"]
    require(connection, debezium, source_of(debezium))
    assert prepare(connection, debezium) == []


def test_an_administrator_makes_the_role_too_and_it_may_do_nothing_else(
    superuser: psycopg.Connection, debezium: DebeziumSettings
) -> None:
    superuser.execute("ALTER ROLE tests CREATEROLE REPLICATION")
    try:
        done = prepare(connection, debezium)
    finally:
        superuser.execute("ALTER ROLE tests NOCREATEROLE NOREPLICATION")
    assert done[0] == f"role {debezium.slot}: created, LOGIN REPLICATION"
    with (
        source_of(debezium).connect() as session,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        session.execute("SELECT * FROM strangler_outbox")


def test_who_may_not_make_the_role_gets_the_sql_for_who_may(debezium: DebeziumSettings) -> None:
    with pytest.raises(ConfigurationError) as raised:
        prepare(connection, debezium)
    text = str(raised.value)
    assert "role 'tests' may not" in text
    assert f"CREATE ROLE \"{debezium.slot}\" LOGIN REPLICATION PASSWORD '...'" in text
    assert "-- takes a superuser" in text
    assert "secret" not in text


def test_the_sql_it_prints_is_all_that_was_missing(superuser: psycopg.Connection, debezium: DebeziumSettings) -> None:
    with pytest.raises(ConfigurationError) as raised:
        prepare(connection, debezium)
    superuser.execute(str(raised.value).partition("\n")[2].replace("'...'", "'secret'"))
    assert prepare(connection, debezium) == []


def test_a_role_without_replication_is_named(superuser: psycopg.Connection, debezium: DebeziumSettings) -> None:
    make_role(superuser, debezium.slot, "LOGIN")
    with pytest.raises(ConfigurationError, match=f'ALTER ROLE "{debezium.slot}" LOGIN REPLICATION'):
        prepare(connection, debezium)


def test_another_password_than_the_roles_is_named(superuser: psycopg.Connection, debezium: DebeziumSettings) -> None:
    make_role(superuser, debezium.slot)
    superuser.execute(f"ALTER ROLE {debezium.slot} PASSWORD 'other'")
    with pytest.raises(ConfigurationError, match=r"DATABASE_URL.* does not let role"):
        prepare(connection, debezium)


def test_a_publication_that_publishes_too_little_is_made_right(
    superuser: psycopg.Connection, debezium: DebeziumSettings
) -> None:
    make_role(superuser, debezium.slot)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE PUBLICATION {debezium.publication} WITH (publish = 'update')")
    prepare(connection, debezium)
    require(connection, debezium, source_of(debezium))


def test_a_url_to_another_database_is_refused(superuser: psycopg.Connection, debezium: DebeziumSettings) -> None:
    make_role(superuser, debezium.slot)
    there = connection.settings_dict["NAME"]
    elsewhere = debezium.model_copy(update={"database_url": debezium.database_url.replace(f"/{there}", "/tests")})
    superuser.execute(f"GRANT CONNECT ON DATABASE tests TO {debezium.slot}")
    try:
        with pytest.raises(ConfigurationError, match="leads to another database than the outbox"):
            require(connection, debezium, source_of(elsewhere))
    finally:
        superuser.execute(f"REVOKE CONNECT ON DATABASE tests FROM {debezium.slot}")


def test_a_missing_publication_is_named_with_the_command_that_makes_it(
    superuser: psycopg.Connection, debezium: DebeziumSettings
) -> None:
    make_role(superuser, debezium.slot)
    with pytest.raises(ConfigurationError, match=r"publication .* run `manage\.py cdc_setup`"):
        require(connection, debezium, source_of(debezium))
