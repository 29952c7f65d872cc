"""An idle relay hears of every commit; while none is idle, writers tell nobody."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import transaction

from strangler.outbox import publish
from strangler.outbox.migration_sql import CHANNEL, SLEEP_LOCK
from strangler.relay import wakeup as module
from strangler.relay.wakeup import Wakeup
from tests.sample.events import StepTaken
from tests.support.waiting import until
from tests.unit.relay.test_floor import other_session, writing

pytestmark = pytest.mark.django_db(transaction=True)

LONG = 30.0
SHORT = 10.0
_HERE = "locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
_ASLEEP = f"SELECT EXISTS (SELECT FROM pg_locks WHERE {_HERE} AND mode = 'ExclusiveLock' AND granted)"  # noqa: S608  (constants)
_END_THE_WAITING = f"SELECT pg_terminate_backend(pid) FROM pg_locks WHERE {_HERE} AND NOT granted"  # noqa: S608  (constants)


@pytest.fixture
def wakeup() -> Iterator[Wakeup]:
    with Wakeup("default") as wakeup:
        yield wakeup


@pytest.fixture
def listener() -> Iterator[psycopg.Connection[Any]]:
    with other_session() as session:
        session.autocommit = True
        session.execute(f"LISTEN {CHANNEL}")
        yield session


def test_a_sleeper_is_told_of_a_commit(wakeup: Wakeup, listener: psycopg.Connection[Any]) -> None:
    fall_asleep(wakeup, listener)
    committed()
    assert seconds_of(wakeup.wait) < SHORT
    assert notifications(listener) == 1


def test_nobody_is_told_while_nobody_sleeps(wakeup: Wakeup, listener: psycopg.Connection[Any]) -> None:
    committed()
    fall_asleep(wakeup, listener)
    wakeup.awake()
    until(lambda: nobody_sleeps(listener), "the lock to be given back")
    committed()
    assert notifications(listener) == 0
    fall_asleep(wakeup, listener)
    committed()
    assert notifications(listener) == 1


def test_the_commit_of_one_who_saw_everybody_awake_ends_the_sleep(
    wakeup: Wakeup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE", LONG)
    with writing() as (writer, _):
        wakeup.wait(0.1)
        writer.commit()
        assert seconds_of(wakeup.wait) < SHORT


def test_a_long_transaction_hides_no_short_one(wakeup: Wakeup) -> None:
    """Both saw everybody awake; the long one withholds the lock, so only looking finds the short one's commit."""
    with writing(), writing() as (short, _):
        assert seconds_of(wakeup.wait) < SHORT
        short.commit()
        assert seconds_of(wakeup.wait) < SHORT


def test_a_long_transaction_keeps_nobody_from_telling(wakeup: Wakeup, listener: psycopg.Connection[Any]) -> None:
    with writing():
        wakeup.wait(LONG)
        committed()
        assert notifications(listener) == 1


def test_a_lost_connection_is_reported(wakeup: Wakeup, listener: psycopg.Connection[Any]) -> None:
    with writing():
        wakeup.wait(0)
        until(lambda: listener.execute(_END_THE_WAITING).fetchone() is not None, "the lock to be asked for")
        with pytest.raises(psycopg.OperationalError):
            until(lambda: wakeup.wait(0.1) is not None, "the connection to be missed")


def fall_asleep(wakeup: Wakeup, session: psycopg.Connection[Any]) -> None:
    wakeup.wait(0)
    until(lambda: session.execute(_ASLEEP).fetchone() == (True,), "the lock to be granted")
    wakeup.wait(0)


def seconds_of(wait: Callable[[float], None]) -> float:
    started = time.monotonic()
    wait(LONG)
    return time.monotonic() - started


def committed() -> None:
    with transaction.atomic():
        publish(StepTaken(thing="a", step=1))


def nobody_sleeps(session: psycopg.Connection[Any]) -> bool:
    return session.execute("SELECT pg_try_advisory_xact_lock_shared(%s)", [SLEEP_LOCK]).fetchone() == (True,)


def notifications(session: psycopg.Connection[Any]) -> int:
    """That came so far: the server sends them before it answers what was asked after them."""
    session.execute("SELECT 1")
    return len(list(session.notifies(timeout=0)))
