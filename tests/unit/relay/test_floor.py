"""A claim begins where nothing can be pending any more: not at the beginning, and never too late."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction

from strangler.brokers import Receipt
from strangler.outbox import publish_many
from strangler.outbox.models import OutboxMessage
from strangler.relay import floor as floors
from strangler.relay import store
from strangler.relay.floor import Floor
from tests.sample.events import StepTaken

pytestmark = pytest.mark.django_db(transaction=True)

_INSERT = """
    INSERT INTO strangler_outbox (id, aggregate_type, aggregate_id, type, routing_key, correlation_id, payload)
    VALUES (gen_random_uuid(), 'sample.thing', 'slow', 'sample.step_taken.v1', 'sample.step_taken', '', '{}')
    RETURNING position
"""


@pytest.fixture
def floor(monkeypatch: pytest.MonkeyPatch) -> Floor:
    monkeypatch.setattr(floors, "LOOK_INTERVAL", 0.0)
    monkeypatch.setattr(floors, "MAX_SHARE_OF_LOOKS", 1e9)
    return Floor()


def test_the_floor_rises_to_what_is_pending_and_no_further(floor: Floor) -> None:
    published(10)
    relayed(10)
    look(floor, times=2)
    assert floor.position == last_position()
    published(1)
    look(floor, times=3)
    assert floor.position == last_position() - 1


def test_a_position_whose_transaction_still_runs_is_above_the_floor(floor: Floor) -> None:
    """It commits later than what comes after it was relayed; then a later event of its key must find it."""
    with writing() as (writer, position):
        published(5)
        relayed(5)
        look(floor, times=4)
        assert floor.position < position
        writer.commit()
        look(floor, times=3)
        assert floor.position == position - 1
    relayed(1)
    look(floor, times=3)
    assert floor.position == last_position()


def test_what_somebody_makes_pending_again_is_found(floor: Floor) -> None:
    published(10)
    relayed(10)
    look(floor, times=2)
    third = OutboxMessage.objects.order_by("position")[2]
    OutboxMessage.objects.filter(id=third.id).update(relayed_at=None)
    assert claimed(floor) == []
    look(floor)
    assert claimed(floor) == [third.id]


def test_an_old_transaction_does_not_make_each_claim_step_over_all_that_was_relayed(floor: Floor) -> None:
    with other_session() as old:
        old.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        old.execute("SELECT 1 FROM strangler_outbox")
        for _ in range(5):
            published(400)
            relayed(400)
        look(floor, times=2)
        published(1)
        assert pages_of_a_claim(floor.position) < 30
        assert pages_of_a_claim(0) > 100  # what it would be


def look(floor: Floor, *, times: int = 1) -> None:
    for _ in range(times):
        with connection.cursor() as cursor:
            floor.look(cursor)


def published(count: int) -> None:
    with transaction.atomic():
        publish_many([StepTaken(thing=str(number), step=1) for number in range(count)])


def relayed(count: int) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        messages = store.claim(cursor, count).messages
        assert len(messages) == count
        store.settle(cursor, Receipt([message.id for message in messages]), backoff_max=1)


def claimed(floor: Floor) -> list[Any]:
    with transaction.atomic(), connection.cursor() as cursor:
        return [message.id for message in store.claim(cursor, 10, floor=floor.position).messages]


def last_position() -> int:
    newest = OutboxMessage.objects.last()
    assert newest is not None
    return newest.position


def pages_of_a_claim(floor: int) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        store.pin_plans(cursor)
        explain = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {store._CLAIM_PENDING}"
        cursor.execute(explain, {"limit": 10, "floor": floor})
        (plan,) = cursor.fetchone()
    (whole,) = json.loads(plan) if isinstance(plan, str) else plan
    return int(whole["Plan"]["Shared Hit Blocks"]) + int(whole["Plan"]["Shared Read Blocks"])


@contextmanager
def other_session() -> Iterator[psycopg.Connection[Any]]:
    parameters = connection.get_connection_params()
    keys = ("host", "port", "user", "password", "dbname")
    with psycopg.connect(**{key: parameters[key] for key in keys if key in parameters}) as session:
        yield session
        session.rollback()


@contextmanager
def writing() -> Iterator[tuple[psycopg.Connection[Any], int]]:
    """A transaction of somebody else that has published and not committed."""
    with other_session() as writer:
        ((position,),) = writer.execute(_INSERT).fetchall()
        yield writer, position
