"""Refused, unanswered or called off: what was done is undone in reverse, once, however late the truth comes."""

from __future__ import annotations

import dataclasses

import pytest

from strangler.inbox.models import DeadLetter
from strangler.saga import operations
from strangler.saga.models import SagaInstance
from tests.sample import sagas as sample
from tests.sample.sagas import trips
from tests.unit.saga.conftest import Trips

UNDONE = ["undo hotel", "undo note", "call off"]


def test_a_refusal_undoes_what_was_done_in_reverse_and_says_why(saga: Trips) -> None:
    saga.start("a")
    saga.done("a", "hotel")
    saga.refused("a", "flight", reason="no seats")
    ended = saga.of("a")
    assert (ended.status, ended.reason, ended.data["refusal"]) == ("compensated", "no seats", "no seats")
    assert saga.effects("a")[-4:] == ["undo ticket", "undo hotel", "undo note", "call off"]
    assert saga.history("a")[-5:] == ["refused flight", "undone ticket", "undone hotel", "undone note", "compensated"]


def test_a_refusal_that_a_later_step_raises_undoes_the_same(saga: Trips) -> None:
    saga.start("a", mood="sold_out")
    saga.done("a", "hotel")
    assert (saga.status("a"), saga.of("a").reason) == ("compensated", "the ticket is sold out")
    assert saga.effects("a") == ["run note", "run hotel", "done hotel", *UNDONE], "the refused step left nothing"


def test_who_gets_no_answer_is_asked_again_and_then_undone_too(saga: Trips) -> None:
    saga.start("a")
    assert saga.pass_time() == 1
    assert (saga.status("a"), saga.of("a").attempts, saga.of("a").data["asked"]) == ("waiting", 2, 2)
    saga.pass_time()
    saga.pass_time()
    ended = saga.of("a")
    assert (ended.status, ended.reason) == (
        "compensated",
        "no answer to step 'hotel' within 1.5 s, asked 3 times",
    )
    assert ended.data["refusal"] == ended.reason
    assert saga.effects("a") == ["run note", *["run hotel"] * 3, *UNDONE]
    assert saga.history("a")[-4:] == ["no answer hotel", "undone hotel", "undone note", "compensated"]


def test_an_answer_on_the_last_attempt_is_in_time(saga: Trips) -> None:
    saga.start("a")
    saga.pass_time()
    saga.pass_time()
    saga.done("a", "hotel")
    assert (saga.status("a"), saga.of("a").step) == ("waiting", "flight")


def test_what_is_done_after_it_was_undone_is_undone_once_more(saga: Trips) -> None:
    saga.start("a")
    for _ in range(3):
        saga.pass_time()
    finished_at = saga.of("a").finished_at
    saga.done("a", "hotel")
    assert (saga.status("a"), saga.of("a").finished_at) == ("compensated", finished_at)
    assert saga.effects("a")[-1] == "undo hotel", "nobody is told twice that it was called off"
    assert saga.history("a")[-3:] == ["late hotel", "undone hotel", "compensated"]


def test_what_is_done_after_it_was_refused_is_undone(saga: Trips) -> None:
    saga.start("a")
    saga.pass_time()  # asked twice: one is refused, the other was done
    saga.refused("a", "hotel")
    assert "undo hotel" not in saga.effects("a")
    saga.done("a", "hotel")
    assert saga.effects("a")[-1] == "undo hotel"


def test_undoing_does_not_go_on_for_ever_where_an_undo_is_answered_as_if_it_were_the_step(saga: Trips) -> None:
    saga.start("a")
    for _ in range(3):
        saga.pass_time()
    for _ in range(10):
        saga.done("a", "hotel")
    assert saga.effects("a").count("undo hotel") == 1 + 3, "it was asked three times: so often it may have happened"
    assert "undone more often than it was asked for" in saga.of("a").history.latest("id").note


def test_an_answer_that_comes_again_or_that_nobody_asked_for_changes_nothing(saga: Trips) -> None:
    saga.start("a")
    message = saga.done("a", "hotel")
    saga.handle(message)
    before = saga.of("a"), saga.effects("a")
    saga.done("a", "hotel")
    saga.refused("a", "hotel")
    after = saga.of("a")
    assert (after.status, after.step, after.data, after.due_at) == (
        *(before[0].status, before[0].step, before[0].data, before[0].due_at),
    )
    assert saga.effects("a") == before[1]
    assert saga.history("a")[-2:] == ["ignored hotel", "ignored hotel"]
    saga.refused("a", "flight")
    saga.refused("a", "flight")
    assert saga.effects("a")[-4:] == ["undo ticket", "undo hotel", "undo note", "call off"]


def test_an_answer_before_its_step_was_asked_for_is_not_taken_for_it(saga: Trips) -> None:
    saga.start("a")
    saga.done("a", "flight")
    assert (saga.status("a"), saga.history("a")[-1]) == ("waiting", "ignored flight")
    saga.done("a", "hotel")
    assert (saga.status("a"), saga.of("a").step) == ("waiting", "flight")


def test_an_event_about_nothing_of_ours_is_passed_over(saga: Trips) -> None:
    saga.done("nobody", "hotel")
    saga.start("a")
    saga.done("a", "a leg of somebody else")
    assert saga.history("a") == ["started", "done note", "asked hotel"]


def test_an_undo_that_fails_is_tried_again_and_then_a_person_is_asked(saga: Trips) -> None:
    saga.start("a")
    saga.done("a", "hotel")
    sample.broken.add(("a", "undo hotel"))
    saga.refused("a", "flight")
    failing = saga.of("a")
    assert (failing.status, failing.step, failing.attempts) == ("compensating", "hotel", 1)
    assert saga.effects("a")[-1] == "undo ticket"
    saga.pass_time()
    saga.pass_time()
    assert (saga.status("a"), saga.of("a").due_at) == ("stuck", None)
    sample.broken.clear()
    operations.resume([saga.of("a")], by="a person")
    saga.pass_time()
    assert saga.status("a") == "compensated"
    assert saga.effects("a")[-4:] == ["undo ticket", *UNDONE]


def test_telling_of_the_end_may_fail_too(saga: Trips) -> None:
    saga.start("a")
    sample.broken.add(("a", "call off"))
    saga.refused("a", "hotel")
    for _ in range(4):
        assert saga.status("a") == "compensating"
        saga.pass_time()
    assert saga.status("a") == "stuck"
    sample.broken.clear()
    operations.resume([saga.of("a")], by="a person")
    saga.pass_time()
    assert saga.effects("a")[-2:] == ["undo note", "call off"]


def test_a_late_answer_while_a_person_is_asked_is_undone_with_the_rest(saga: Trips) -> None:
    saga.start("a")
    sample.broken.add(("a", "undo note"))
    for _ in range(8):
        saga.pass_time()
    assert (saga.status("a"), saga.effects("a").count("undo hotel")) == ("stuck", 1)
    saga.done("a", "hotel")
    assert (saga.status("a"), saga.effects("a").count("undo hotel")) == ("stuck", 1)
    sample.broken.clear()
    operations.resume([saga.of("a")], by="a person")
    saga.pass_time()
    assert saga.effects("a")[-3:] == ["undo hotel", "undo note", "call off"]


def test_a_step_that_failed_in_an_unknown_way_is_undone_as_well(saga: Trips) -> None:
    """A gateway that timed out may have taken the money."""
    saga.start("a")
    sample.broken.add(("a", "run ticket"))
    saga.done("a", "hotel")
    operations.compensate([saga.of("a")], by="a person")
    saga.pass_time()
    assert saga.status("a") == "compensated"
    assert saga.effects("a")[-4:] == ["undo ticket", *UNDONE]
    assert saga.of("a").reason == "called off by a person"


@pytest.mark.parametrize(("starts", "undone"), [(0, 0), (1, 1)])
def test_a_step_that_killed_its_process_is_undone_as_well_if_it_was_ever_started(
    saga: Trips, starts: int, undone: int
) -> None:
    saga.start("a")
    saga.done("a", "hotel")
    trail = [begun for begun in saga.of("a").trail if begun["step"] in {"note", "hotel"}]
    SagaInstance.objects.update(status="running", step="ticket", attempts=starts, trail=trail)
    operations.compensate([saga.of("a")], by="a person")
    saga.pass_time()
    assert saga.effects("a").count("undo ticket") == undone
    assert saga.effects("a")[-3:] == UNDONE


def test_one_that_waits_can_be_called_off_and_its_late_answer_is_undone(saga: Trips) -> None:
    saga.start("a")
    operations.compensate([saga.of("a")], by="a person")
    saga.done("a", "hotel")
    assert saga.history("a")[-1] == "ignored hotel", "it is to be undone anyway"
    saga.pass_time()
    assert saga.effects("a")[-3:] == UNDONE
    assert not SagaInstance.objects.filter(finished_at=None).exists()


def test_an_event_that_answers_several_steps_is_a_dead_letter_that_says_so(
    saga: Trips, monkeypatch: pytest.MonkeyPatch
) -> None:
    anyones = tuple(dataclasses.replace(step, correlate=None) for step in trips.steps)
    monkeypatch.setattr(trips, "steps", anyones)
    saga.start("a")
    saga.done("a", "hotel")
    said = "answers several steps of saga 'trips' (hotel, flight): mend their correlate="
    assert said in DeadLetter.objects.get().error
    assert saga.status("a") == "waiting"
