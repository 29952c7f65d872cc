"""The worker: any number of them, killed at any point, and whatever a step does to them."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from strangler.saga import claiming, working
from strangler.saga.models import SagaInstance
from strangler.saga.presence import workers
from strangler.saga.registry import sagas
from strangler.saga.working import SagaWorker
from tests.sample import sagas as sample
from tests.sample.models import Effect
from tests.sample.sagas import TripData, trips
from tests.support.at_once import at_once
from tests.support.waiting import until
from tests.unit.saga.conftest import LONG_AGO, Trips


def worker(stop: threading.Event | None = None) -> SagaWorker:
    return SagaWorker(sagas, using="default", stop=stop or threading.Event())


def start_many(count: int, *, due: bool = True) -> None:
    with transaction.atomic():
        for number in range(count):
            trips.start(TripData(trip=f"t{number:03}"))
    if due:
        SagaInstance.objects.update(due_at=LONG_AGO)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """Nothing is due again, and nobody is taken for dead, while a test lasts: however slow the machine is."""
    monkeypatch.setattr(claiming, "LEASE", 3600.0)
    settings.STRANGLER = {**settings.STRANGLER, "CONSUMER_BACKOFF": 3600, "CONSUMER_BACKOFF_MAX": 3600}
    steps = tuple(replace(step, within=step.within and timedelta(hours=1)) for step in trips.steps)
    monkeypatch.setattr(trips, "steps", steps)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("patient")
def test_several_workers_at_once_go_on_with_each_instance_once() -> None:
    start_many(60)

    def work_off() -> int:
        mine, total = worker(), 0
        while claimed := mine.step():
            total += claimed
        return total

    shares, _ = at_once([work_off] * 3)
    assert sum(shares) == 60
    assert Counter(Effect.objects.filter(consumer_group="run hotel").values_list("thing", flat=True)) == {
        f"t{number:03}": 2 for number in range(60)
    }
    assert set(SagaInstance.objects.values_list("attempts", flat=True)) == {2}


@pytest.mark.django_db(transaction=True)
def test_an_answer_and_a_deadline_at_once_are_decided_one_after_the_other(saga: Trips) -> None:
    """Whoever comes first: it goes on once."""
    for number in range(5):
        trip = f"t{number}"
        saga.start(trip)
        SagaInstance.objects.filter(key=trip).update(due_at=LONG_AGO)
        calls: list[Callable[[], Any]] = [lambda trip=trip: saga.done(trip, "hotel"), worker().step]  # type: ignore[misc]
        at_once(calls)
        assert (saga.status(trip), saga.of(trip).step) == ("waiting", "flight")
        assert saga.effects(trip).count("run ticket") == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("patient")
def test_a_worker_waits_for_nobody_who_has_an_instance_in_hand(saga: Trips) -> None:
    start_many(3)
    with transaction.atomic():
        held = SagaInstance.objects.select_for_update().earliest("id")
        (claimed,), _ = at_once([worker().step])
    assert claimed == 2
    assert SagaInstance.objects.get(pk=held.pk).attempts == 1


def test_what_a_killed_worker_had_started_is_due_again_soon_and_was_counted(saga: Trips) -> None:
    saga.start("a")
    SagaInstance.objects.update(due_at=LONG_AGO)
    (claimed,) = claiming.claim(["trips"], 10, using="default")
    started = claiming.begin(claimed, using="default")
    assert started is not None
    killed = saga.of("a")
    assert (killed.attempts, killed.due_at) == (2, started.due_at)
    assert claiming.begin(claimed, using="default") is None, "it is not the rival's any more"
    saga.pass_time()
    assert (saga.of("a").attempts, saga.effects("a").count("run hotel")) == (3, 2)


def test_a_step_that_takes_its_process_with_it_each_time_is_found_out(saga: Trips) -> None:
    saga.start("a")
    saga.done("a", "hotel")
    trail = saga.of("a").trail[:2]
    # started so often, and nothing of it is on file
    SagaInstance.objects.update(status="running", step="ticket", trail=trail, attempts=20)
    saga.pass_time()
    stuck = saga.of("a")
    assert stuck.status == "stuck"
    assert stuck.error == "started 20 times, and each time its process died"
    assert (stuck.trail[-1]["step"], stuck.trail[-1]["state"]) == ("ticket", "tried"), "it may have done something"


def test_the_row_of_a_claim_that_an_answer_overtook_is_left_alone(saga: Trips) -> None:
    saga.start("a")
    SagaInstance.objects.update(due_at=LONG_AGO)
    (claimed,) = claiming.claim(["trips"], 10, using="default")
    saga.done("a", "hotel")
    assert claiming.begin(claimed, using="default") is None
    assert (saga.of("a").attempts, saga.of("a").step) == (1, "flight")


def test_an_answer_that_comes_just_as_it_is_started_leaves_nothing_to_do(
    saga: Trips, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begin_and_be_overtaken(claimed: claiming.Claim, *, using: str) -> claiming.Claim | None:
        started = claiming.begin(claimed, using=using)
        saga.done("a", "hotel")
        return started

    monkeypatch.setattr(working, "begin", begin_and_be_overtaken)
    saga.start("a")
    assert saga.pass_time() == 1
    assert (saga.of("a").attempts, saga.of("a").step) == (1, "flight")
    assert saga.effects("a")[-1] == "run flight"
    assert saga.effects("a").count("run flight") == 1


def test_who_is_asked_to_stop_gives_back_what_it_has_not_started(saga: Trips) -> None:
    for number in range(3):
        saga.start(f"t{number}")
    SagaInstance.objects.update(due_at=LONG_AGO)
    stop = threading.Event()
    sample.beside["t0", "run hotel"] = sample.beside["t1", "run hotel"] = stop.set
    sample.beside["t2", "run hotel"] = stop.set
    assert worker(stop).step() == 3
    assert SagaInstance.objects.filter(attempts=2).count() == 1
    assert claiming.next_due(["trips"], using="default") <= 0  # type: ignore[operator]


@pytest.mark.django_db(transaction=True)
def test_what_fails_at_the_commit_is_on_file_and_tried_again(saga: Trips) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE late_check (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
    try:
        saga.start("a")

        def fail_at_the_commit() -> None:
            with connection.cursor() as cursor:
                cursor.execute("INSERT INTO late_check VALUES (1), (1)")

        sample.beside["a", "run hotel"] = fail_at_the_commit
        assert saga.pass_time() == 1
        failing = saga.of("a")
        assert (failing.status, failing.attempts) == ("running", 2)
        assert "late_check" in failing.error
        sample.beside.clear()
        saga.pass_time()
        assert (saga.status("a"), saga.effects("a").count("run hotel")) == ("waiting", 2)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE late_check")


@pytest.mark.django_db(transaction=True)
def test_a_worker_outlives_its_database_session(saga: Trips) -> None:
    saga.start("a")
    stop = threading.Event()

    def cut_off() -> None:
        sample.beside.clear()
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    sample.beside["a", "run hotel"] = cut_off
    running = in_background(stop)
    try:
        SagaInstance.objects.update(due_at=LONG_AGO)
        until(lambda: saga.effects("a").count("run hotel") == 2, "another go after the outage")
    finally:
        stop.set()
        running.join(timeout=20)
    assert saga.status("a") in {"waiting", "compensated"}


@pytest.mark.django_db(transaction=True)
def test_those_that_run_are_counted_also_after_a_step_has_closed_their_session(saga: Trips) -> None:
    assert workers() == 0
    saga.start("a")

    def close() -> None:
        sample.beside.clear()
        connections.close_all()

    sample.beside["a", "run hotel"] = close
    stop = threading.Event()
    running = [in_background(stop) for _ in range(2)]
    try:
        until(lambda: workers() == 2, "both to be counted")
        SagaInstance.objects.update(due_at=LONG_AGO)
        until(lambda: saga.effects("a").count("run hotel") == 2, "a step that closes its session")
        until(lambda: workers() == 2, "both to be counted still")
    finally:
        stop.set()
        for each in running:
            each.join(timeout=20)
    until(lambda: workers() == 0, "nobody to be counted any more")


@pytest.mark.django_db(transaction=True)
def test_it_sleeps_until_the_next_one_is_due(saga: Trips, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no longer, although it looks up but seldom here."""
    monkeypatch.setattr(working, "LONGEST_SLEEP", 30.0)
    saga.start("a")  # to be answered within 1.5 seconds
    stop = threading.Event()
    running = in_background(stop)
    try:
        until(lambda: saga.effects("a").count("run hotel") == 2, "the second question", seconds=15)
    finally:
        stop.set()
        running.join(timeout=20)
    assert not running.is_alive()


@pytest.mark.django_db(transaction=True)
def test_a_saga_of_which_nobody_here_has_the_code_is_left_to_who_has_it_and_named(
    saga: Trips, caplog: pytest.LogCaptureFixture
) -> None:
    saga.start("a")
    SagaInstance.objects.update(saga="journeys")
    assert saga.pass_time() == 0
    stop = threading.Event()
    running = in_background(stop)
    try:
        until(lambda: "saga_without_code" in caplog.text, "a word about it")
    finally:
        stop.set()
        running.join(timeout=20)
    assert "journeys" in caplog.text
    assert saga.status("a") == "waiting"


def test_the_claim_reads_an_index_of_what_is_due_and_no_table(saga: Trips) -> None:
    saga.start("a")
    with connection.cursor() as cursor:
        cursor.execute("""
            INSERT INTO strangler_saga (saga, key, status, step, undoing, data, trail, answer, attempts, error, reason,
                correlation_id, traceparent, finished_at)
            SELECT 'trips', 'old' || n, 'completed', '', false, '{}', '[]', '', 0, '', '', '', '', now()
            FROM generate_series(1, 20000) n""")
        cursor.execute("ANALYZE strangler_saga")
        with CaptureQueriesContext(connection) as queries:
            claiming.claim(["trips"], 20, using="default")
        (claim,) = (query["sql"] for query in queries if "SKIP LOCKED" in query["sql"])
        cursor.execute(f"EXPLAIN {claim}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "saga_due" in plan
    assert "Index Cond: (due_at <= now())" in plan, "it stops where nothing is due yet"
    assert "Seq Scan" not in plan


def in_background(stop: threading.Event) -> threading.Thread:
    def run() -> None:
        try:
            worker(stop).run()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread
