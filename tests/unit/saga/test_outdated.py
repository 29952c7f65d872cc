"""A deployment changes a saga while instances of it run: what does not fit any more is a person's business."""

from __future__ import annotations

import dataclasses

import pytest
from pydantic import BaseModel

from strangler.saga import operations
from tests.sample.sagas import trips
from tests.unit.saga.conftest import Trips


class NewTripData(BaseModel):
    trip: str
    passport: str


def without(step: str) -> tuple[object, ...]:
    return tuple(each for each in trips.steps if each.name != step)


def test_one_whose_step_is_gone_is_stuck_and_goes_on_when_it_is_back(
    saga: Trips, monkeypatch: pytest.MonkeyPatch
) -> None:
    saga.start("a")
    with monkeypatch.context() as deployed:
        deployed.setattr(trips, "steps", without("hotel"))
        saga.pass_time()
    stuck = saga.of("a")
    assert stuck.status == "stuck"
    assert "saga 'trips' has no step 'hotel' any more (steps: note, ticket, flight, confirmation)" in stuck.error
    operations.resume([stuck], by="a person")
    saga.pass_time()
    assert (saga.status("a"), saga.of("a").data["asked"]) == ("waiting", 2)


def test_one_that_should_undo_a_step_that_is_gone_is_stuck(saga: Trips, monkeypatch: pytest.MonkeyPatch) -> None:
    saga.start("a")
    saga.done("a", "hotel")
    monkeypatch.setattr(trips, "steps", without("ticket"))
    saga.refused("a", "flight")
    assert (saga.status("a"), saga.of("a").undoing) == ("stuck", True)
    assert "has no step 'ticket' any more" in saga.of("a").error
    monkeypatch.undo()
    operations.resume([saga.of("a")], by="a person")
    saga.pass_time()
    assert saga.effects("a")[-4:] == ["undo ticket", "undo hotel", "undo note", "call off"]


def test_one_whose_data_does_not_fit_any_more_is_stuck_and_its_answer_is_kept(
    saga: Trips, monkeypatch: pytest.MonkeyPatch
) -> None:
    saga.start("a")
    with monkeypatch.context() as deployed:
        deployed.setattr(trips, "data", NewTripData)
        saga.done("a", "hotel", seat="12")
    stuck = saga.of("a")
    assert stuck.status == "stuck"
    assert "does not fit NewTripData any more: passport: Field required" in stuck.error
    operations.resume([stuck], by="a person")
    saga.pass_time()
    assert (saga.of("a").step, saga.of("a").data["seats"]) == ("flight", ["12"])


def test_a_step_that_is_new_is_taken_by_those_that_have_not_passed_its_place(
    saga: Trips, monkeypatch: pytest.MonkeyPatch
) -> None:
    saga.start("a")
    saga.start("b")
    saga.done("b", "hotel")
    note = trips.steps[0]
    visa = dataclasses.replace(note, name="visa")
    monkeypatch.setattr(trips, "steps", (*trips.steps[:2], visa, *trips.steps[2:]))
    for trip in ("a", "b"):
        if trip == "a":
            saga.done(trip, "hotel")
        saga.done(trip, "flight")
        assert saga.status(trip) == "completed"
    assert "done visa" in saga.history("a")
    assert "done visa" not in saga.history("b")


def test_an_answer_that_a_step_does_not_take_any_more_is_a_persons_business(
    saga: Trips, monkeypatch: pytest.MonkeyPatch
) -> None:
    saga.start("a")
    with monkeypatch.context() as deployed:
        deployed.setattr(trips, "data", NewTripData)
        saga.done("a", "hotel")
    hotel = trips.step("hotel")
    changed = dataclasses.replace(hotel, done=None, refused=None)
    monkeypatch.setattr(trips, "steps", tuple(changed if each is hotel else each for each in trips.steps))
    operations.resume([saga.of("a")], by="a person")
    saga.pass_time()
    assert saga.status("a") == "stuck"
    assert "step 'hotel' takes no sample.leg_done any more" in saga.of("a").error
