"""A slot lives as long as one run; what a killed run leaves is dropped by the next relay of any kind."""

from __future__ import annotations

from threading import Event

import psycopg
import pytest
from django.db import connection
from psycopg.sql import SQL
from structlog.testing import capture_logs

from strangler.conf import CdcSettings
from strangler.errors import ConfigurationError
from strangler.relay.log import slot
from strangler.relay.log.setup import prepare
from strangler.relay.log.slot import drop_leftover, slot_of_this_run
from strangler.relay.log.source import Source, source_of


@pytest.fixture
def source(superuser: psycopg.Connection, cdc: CdcSettings) -> Source:
    superuser.execute(f"CREATE ROLE {cdc.slot} LOGIN REPLICATION PASSWORD 'secret'")
    prepare(connection, cdc)
    return source_of(cdc)


def slots(superuser: psycopg.Connection) -> list[str]:
    return [name for (name,) in superuser.execute("SELECT slot_name FROM pg_replication_slots").fetchall()]


def test_a_slot_is_there_for_a_run_and_gone_after_it(
    superuser: psycopg.Connection, cdc: CdcSettings, source: Source
) -> None:
    with slot_of_this_run(cdc.slot, source) as made:
        made.result(timeout=10)
        assert cdc.slot in slots(superuser)
    assert cdc.slot not in slots(superuser)


def test_the_slot_of_a_killed_run_is_replaced_by_one_that_starts_now(
    superuser: psycopg.Connection, cdc: CdcSettings, source: Source
) -> None:
    with source.connect() as session:
        session.execute("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", [cdc.slot])
    position = "SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = %s"
    (left,) = superuser.execute(position, [cdc.slot]).fetchall()
    with slot_of_this_run(cdc.slot, source) as made:
        made.result(timeout=10)
        (fresh,) = superuser.execute(position, [cdc.slot]).fetchall()
    assert left != fresh


def test_a_slot_that_was_made_when_the_run_gave_up_is_gone_too(
    superuser: psycopg.Connection, cdc: CdcSettings, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server hears of the cancellation after the slot is on its disk and before the answer is out."""
    there: list[list[str]] = []
    really_make = slot.make

    def make(connection: psycopg.Connection, name: str, leave: Event, statement: SQL) -> bool:
        really_make(connection, name, leave, statement)
        there.append(slots(superuser))
        raise psycopg.errors.QueryCanceled

    monkeypatch.setattr(slot, "make", make)
    with slot_of_this_run(cdc.slot, source) as made:
        made.exception(timeout=10)
    assert cdc.slot in there[0]
    assert cdc.slot not in slots(superuser)


def test_making_a_slot_behind_a_long_transaction_blocks_nobody_and_can_be_given_up(
    superuser: psycopg.Connection, cdc: CdcSettings, source: Source
) -> None:
    with superuser.transaction():
        superuser.execute("SELECT pg_current_xact_id()")
        with slot_of_this_run(cdc.slot, source) as made, pytest.raises(TimeoutError):
            made.result(timeout=0.3)
        assert made.done()
    assert cdc.slot not in slots(superuser)


def test_somebody_elses_slot_of_that_name_is_left_alone(
    superuser: psycopg.Connection, cdc: CdcSettings, source: Source
) -> None:
    superuser.execute("SELECT pg_create_physical_replication_slot(%s)", [cdc.slot])
    with (
        slot_of_this_run(cdc.slot, source) as made,
        pytest.raises(ConfigurationError, match=r'STRANGLER\["CDC"\]\["SLOT"\].*choose another name'),
    ):
        made.result(timeout=10)
    assert cdc.slot in slots(superuser)


def test_a_role_that_may_not_replicate_is_told_the_command(
    superuser: psycopg.Connection, cdc: CdcSettings, source: Source
) -> None:
    superuser.execute(f"ALTER ROLE {cdc.slot} NOREPLICATION")
    with (
        slot_of_this_run(cdc.slot, source) as made,
        pytest.raises(ConfigurationError, match=r"`manage\.py cdc_setup`"),
    ):
        made.result(timeout=10)


def test_another_relay_drops_what_a_killed_one_left(
    superuser: psycopg.Connection, cdc: CdcSettings, source: Source
) -> None:
    superuser.execute("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", [cdc.slot])
    drop_leftover(cdc, using="default")
    assert cdc.slot not in slots(superuser)
    drop_leftover(cdc, using="default")


def test_a_slot_that_is_in_use_is_left_alone(superuser: psycopg.Connection, cdc: CdcSettings, source: Source) -> None:
    superuser.execute("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", [cdc.slot])
    reader = psycopg.pq.PGconn.connect(f"{cdc.database_url}?replication=database".encode())
    options = f"(proto_version '1', publication_names '{cdc.publication}')"
    started = reader.exec_(f'START_REPLICATION SLOT "{cdc.slot}" LOGICAL 0/0 {options}'.encode())
    assert started.status == psycopg.pq.ExecStatus.COPY_BOTH
    try:
        drop_leftover(cdc, using="default")
        assert cdc.slot in slots(superuser)
    finally:
        reader.finish()


def test_without_the_credentials_a_leftover_is_named_with_the_sql_that_drops_it(
    superuser: psycopg.Connection, cdc: CdcSettings, source: Source
) -> None:
    superuser.execute("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", [cdc.slot])
    with capture_logs() as logs:
        drop_leftover(cdc.model_copy(update={"database_url": ""}), using="default")
    (warning,) = logs
    assert (warning["log_level"], warning["slot"]) == ("warning", cdc.slot)
    assert f"SELECT pg_drop_replication_slot('{cdc.slot}');" in warning["hint"]
