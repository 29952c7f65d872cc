"""From the first step to the last: what is done at once, what waits for an answer, and what a failure leaves."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from strangler.errors import NotInTransaction, SagaAlreadyRunning, SagaError
from strangler.messaging import decode, working_for_request
from strangler.outbox.models import OutboxMessage
from strangler.saga import counting, waiting
from strangler.saga.models import HistoryEntry, SagaInstance
from tests.sample import sagas as sample
from tests.sample.models import Effect
from tests.sample.sagas import SoldOut, StepFailed, TripData, trips
from tests.unit.saga.conftest import Trips

ALL_THE_WAY = [
    *("run note", "run hotel", "done hotel", "run ticket", "run flight", "done flight", "run confirmation"),
]


def test_it_goes_on_by_itself_until_it_waits_and_answer_by_answer_to_the_end(saga: Trips) -> None:
    begun = saga.start("a")
    assert (begun.status, begun.step) == ("waiting", "hotel")
    saga.done("a", "hotel", seat="12")
    assert (saga.of("a").status, saga.of("a").step) == ("waiting", "flight")
    saga.done("a", "flight", seat="7C")
    ended = saga.of("a")
    assert (ended.status, ended.step, ended.due_at, ended.data["seats"]) == ("completed", "", None, ["12", "7C"])
    assert ended.finished_at is not None
    assert saga.effects("a") == ALL_THE_WAY
    assert saga.history("a") == [
        *("started", "done note", "asked hotel", "done hotel", "done ticket", "asked flight", "done flight"),
        *("done confirmation", "completed"),
    ]


@pytest.mark.django_db(transaction=True)
def test_it_must_be_started_in_a_transaction() -> None:
    with pytest.raises(NotInTransaction, match=r"saga 'trips' was started outside a transaction"):
        trips.start(TripData(trip="a"))


@pytest.mark.django_db(transaction=True)
def test_one_that_is_started_in_a_transaction_that_rolls_back_never_was() -> None:
    with transaction.atomic():
        trips.start(TripData(trip="a"))
        transaction.set_rollback(True)
    assert not any(model.objects.exists() for model in (SagaInstance, HistoryEntry, OutboxMessage, Effect))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("what", "error"), [("run note", StepFailed), ("run hotel", StepFailed)])
def test_what_goes_wrong_in_the_first_go_is_the_callers_and_takes_everything_back(
    saga: Trips, what: str, error: type[Exception]
) -> None:
    sample.broken.add(("a", what))
    with pytest.raises(error):
        saga.start("a")
    assert not any(model.objects.exists() for model in (SagaInstance, HistoryEntry, OutboxMessage, Effect))


def test_a_second_one_with_the_same_key_is_refused_by_name_until_the_first_has_ended(saga: Trips) -> None:
    saga.start("a")
    with pytest.raises(
        SagaAlreadyRunning, match=r"'trips' is running for trip 'a' already \(waiting at step 'hotel'\)"
    ):
        saga.start("a")
    assert saga.effects("a") == ["run note", "run hotel"], "the transaction of who tried is whole, and nothing was run"
    saga.refused("a", "hotel")
    saga.start("a")
    assert SagaInstance.objects.filter(key="a").count() == 2


def test_an_answer_after_the_key_was_used_again_goes_to_the_instance_of_its_conversation(saga: Trips) -> None:
    with working_for_request("first"):
        first = saga.start("a")
        saga.refused("a", "hotel")
    asked_first = OutboxMessage.objects.filter(correlation_id="first").order_by("position").first()
    assert asked_first is not None
    with working_for_request("second"):
        second = saga.start("a")
    OutboxMessage.objects.exclude(pk=asked_first.pk).delete()
    saga.done("a", "hotel")
    second.refresh_from_db()
    assert second.status == "waiting", "nobody has answered it"
    assert [str(entry) for entry in first.history.all()][-3:] == ["late hotel", "undone hotel", "compensated"]


def test_every_event_carries_the_conversation_of_the_first_and_the_cause_at_hand(saga: Trips) -> None:
    with working_for_request("the request"):
        saga.start("a")
    answer = saga.done("a", "hotel")
    sample.broken.add(("a", "run confirmation"))
    last = saga.done("a", "flight")
    sample.broken.clear()
    saga.pass_time()
    hotel, flight, ended = (decode(row.payload) for row in OutboxMessage.objects.order_by("position"))
    assert {each.correlationid for each in (hotel, flight, ended)} == {"the request"}
    assert len({each.traceparent.split("-")[1] for each in (hotel, flight, ended)}) == 1
    assert (flight.causationid, ended.causationid) == (str(answer.id), None)
    assert saga.of("a").history.get(what="done", step="flight").event_id == last.id


def test_an_answer_from_a_service_that_forgets_the_conversation_finds_its_saga(saga: Trips) -> None:
    with working_for_request("the request"):
        saga.start("a")
    OutboxMessage.objects.all().delete()
    saga.done("a", "hotel")
    (flight,) = OutboxMessage.objects.all()
    assert flight.correlation_id == "the request"


def test_a_step_that_fails_later_is_undone_alone_and_tried_again_by_the_worker(saga: Trips) -> None:
    saga.start("a")
    sample.broken.add(("a", "run ticket"))
    saga.done("a", "hotel")
    failing = saga.of("a")
    assert (failing.status, failing.step, failing.attempts) == ("running", "ticket", 1)
    assert "StepFailed: a cannot run ticket" in failing.error
    assert failing.due_at is not None
    assert saga.effects("a") == ["run note", "run hotel", "done hotel"]
    sample.broken.clear()
    assert saga.pass_time() == 1
    assert (saga.status("a"), saga.of("a").error) == ("waiting", "")
    assert saga.history("a")[-3:] == ["failed ticket", "done ticket", "asked flight"]


def test_retries_wait_longer_each_time(saga: Trips) -> None:
    saga.start("a")
    sample.broken.add(("a", "run ticket"))
    saga.done("a", "hotel")
    waits = []
    for _ in range(4):
        failing = saga.of("a")
        assert failing.due_at is not None
        waits.append(round((failing.due_at - failing.moved_at).total_seconds(), 1))
        saga.pass_time()
    assert waits == [0.5, 1.0, 2.0, 4.0]


def test_after_the_last_attempt_it_is_stuck_and_nobody_goes_on_with_it(saga: Trips) -> None:
    saga.start("a")
    sample.broken.add(("a", "run ticket"))
    saga.done("a", "hotel")
    for _ in range(19):
        assert saga.pass_time() == 1
    stuck = saga.of("a")
    assert (stuck.status, stuck.step, stuck.due_at, stuck.attempts) == ("stuck", "ticket", None, 20)
    assert "a cannot run ticket" in stuck.error
    assert saga.pass_time() == 0
    assert saga.history("a")[-1] == "stuck ticket"


def test_an_answer_of_which_nothing_can_be_made_yet_is_kept_and_not_lost(saga: Trips) -> None:
    saga.start("a")
    sample.broken.add(("a", "done hotel"))
    message = saga.done("a", "hotel", seat="12")
    failing = saga.of("a")
    assert (failing.status, failing.step, decode(failing.answer).id) == ("running", "hotel", message.id)
    for _ in range(2):
        saga.pass_time()
    assert saga.status("a") == "stuck"
    saga.done("a", "hotel", seat="13")  # told again
    assert saga.history("a")[-1] == "ignored hotel"
    sample.broken.clear()
    SagaInstance.objects.update(status="running", attempts=0, due_at=saga.of("a").moved_at)
    saga.pass_time()
    assert (saga.status("a"), saga.of("a").data["seats"]) == ("waiting", ["12"])


def test_it_may_answer_a_step_whose_retry_made_it_stuck(saga: Trips) -> None:
    saga.start("a")
    sample.broken.add(("a", "run hotel"))
    for _ in range(2):
        saga.pass_time()
    assert saga.status("a") == "stuck"
    saga.done("a", "hotel")
    assert (saga.status("a"), saga.of("a").step) == ("waiting", "flight")


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        (5, "remembers a TripData, not 5"),
        (TripData(trip="other"), "trip of a running instance stays 'a', it cannot become 'other'"),
        (TripData(trip="a", refusal="\x00"), "NUL"),
        (waiting(), "returned waiting\\(\\): only run may, of a step with done= and within="),
    ],
)
def test_what_no_step_may_return_is_said_so(
    saga: Trips, monkeypatch: pytest.MonkeyPatch, returned: Any, said: str
) -> None:
    note = trips.steps[0]
    monkeypatch.setattr(trips, "steps", (note, type(note)("odd", lambda data: returned), *trips.steps[1:]))
    with pytest.raises(SagaError, match=said):
        saga.start("a")


@pytest.mark.parametrize("key", ["", "x" * 256, "a\x00"])
def test_a_key_that_could_not_be_kept_is_refused(saga: Trips, key: str) -> None:
    with pytest.raises(SagaError, match="must be 1 to 255 characters, and no NUL"):
        saga.start(key)


def test_a_step_that_asks_for_a_rollback_without_an_error_has_failed(saga: Trips) -> None:
    saga.start("a")
    sample.beside["a", "run ticket"] = lambda: transaction.set_rollback(True)
    saga.done("a", "hotel")
    assert "asked for a rollback without an error" in saga.of("a").error
    assert saga.effects("a")[-1] == "done hotel"


def test_a_refusal_in_the_first_go_is_raised_like_any_other_error(saga: Trips, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trips, "steps", tuple(step for step in trips.steps if step.name in {"note", "ticket"}))
    with pytest.raises(SoldOut):
        saga.start("a", mood="sold_out")
    assert not SagaInstance.objects.exists()
    assert saga.start("b").status == "completed"


@pytest.mark.django_db(transaction=True)
def test_what_happened_is_counted_once_it_is_committed(saga: Trips, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, str, str]] = []

    class Counting:
        def add(self, amount: int, attributes: dict[str, str]) -> None:
            seen.append((attributes["saga"], attributes["what"], attributes["step"]))

    monkeypatch.setattr(counting, "transitions", Counting())
    with transaction.atomic():
        trips.start(TripData(trip="a"))
        assert seen == []
    assert seen == [("trips", "started", ""), ("trips", "done", "note"), ("trips", "asked", "hotel")]
