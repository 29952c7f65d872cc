"""An answer takes longer, and somebody says so: the deadline moves away, and nothing else changes."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from strangler.errors import SagaError, SagaOutdated
from strangler.saga.models import SagaInstance
from tests.sample.sagas import trips
from tests.unit.saga.conftest import LONG_AGO, Trips

pytestmark = pytest.mark.django_db


@pytest.fixture
def later() -> datetime:
    return timezone.now() + timedelta(hours=1)


def test_a_step_that_waits_is_given_more_time(saga: Trips, later: datetime) -> None:
    before = saga.start("a")
    assert trips.postpone("a", later, step="hotel")
    after = saga.of("a")
    assert (after.due_at, after.status, after.attempts) == (later, "waiting", before.attempts)
    assert saga.history("a")[-1] == "postponed hotel"
    assert saga.work() == 0


def test_at_the_new_deadline_comes_what_would_have_come_at_the_old_one(saga: Trips, later: datetime) -> None:
    saga.start("a")
    for asked in (1, 2, 3):
        assert saga.effects("a").count("run hotel") == asked
        trips.postpone("a", later, step="hotel")
        saga.pass_time()
    assert saga.status("a") == "compensated"


def test_the_answer_goes_on_with_it_as_ever(saga: Trips, later: datetime) -> None:
    saga.start("a")
    trips.postpone("a", later, step="hotel")
    saga.done("a", "hotel")
    assert (saga.of("a").step, saga.of("a").due_at < later) == ("flight", True)


def test_a_deadline_never_comes_nearer(saga: Trips, later: datetime) -> None:
    saga.start("a")
    assert trips.postpone("a", later, step="hotel")
    assert not trips.postpone("a", later - timedelta(minutes=1), step="hotel")
    assert not trips.postpone("a", later, step="hotel")
    assert saga.of("a").due_at == later
    assert saga.history("a").count("postponed hotel") == 1


def test_what_does_not_wait_for_that_step_is_left_alone(saga: Trips, later: datetime) -> None:
    saga.start("a")
    saga.done("a", "hotel")
    stuck = saga.start("b")
    SagaInstance.objects.filter(pk=stuck.pk).update(status="stuck", due_at=LONG_AGO)
    ended = saga.start("c")
    SagaInstance.objects.filter(pk=ended.pk).update(finished_at=LONG_AGO, due_at=LONG_AGO)
    answered = saga.start("d")
    SagaInstance.objects.filter(pk=answered.pk).update(answer="{}", due_at=LONG_AGO)
    for trip in ("a", "b", "c", "d", "nobody"):
        assert not trips.postpone(trip, later, step="hotel")
    assert not SagaInstance.objects.filter(due_at=later).exists()


def test_a_mistake_is_named(saga: Trips, later: datetime) -> None:
    with pytest.raises(SagaOutdated, match="saga 'trips' has no step 'hotle'"):
        trips.postpone("a", later, step="hotle")
    with pytest.raises(SagaError, match=r"postpone\(until=\) takes a time with its zone"):
        trips.postpone("a", later.replace(tzinfo=None), step="hotel")


def test_it_is_one_statement(saga: Trips, later: datetime) -> None:
    saga.start("a")
    with CaptureQueriesContext(connection) as queries:
        trips.postpone("a", later, step="hotel")
    assert len([query for query in queries if "SAVEPOINT" not in query["sql"]]) == 1
