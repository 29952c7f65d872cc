"""What is wrong with a saga is said before it runs, and every answer is part of the map of events."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from pydantic import BaseModel

from strangler.errors import InboxError
from strangler.inbox.subscriptions import Subscription, Subscriptions, subscriptions
from strangler.saga import Saga, Step, checks, declaring, registry
from strangler.saga.registry import Sagas
from tests.sample.events import LegDone, LegRefused

SOON = timedelta(seconds=5)


class Data(BaseModel):
    number: str


class Refused(Exception):
    pass


@pytest.fixture(autouse=True)
def _a_registry_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = Sagas()
    monkeypatch.setattr(declaring, "sagas", fresh)
    monkeypatch.setattr(checks, "sagas", fresh)
    monkeypatch.setattr(registry, "subscriptions", Subscriptions())


def nothing(*_: object) -> None: ...


def step(name: str = "one", **given: Any) -> Step[Data]:
    return Step(name, nothing, **given)


def declare(*steps: Step[Data], name: str = "purchase", key: str = "number") -> Saga[Data]:
    return Saga(name, data=Data, key=key, steps=steps)


def said() -> str:
    try:
        call_command("check", stdout=io.StringIO(), stderr=io.StringIO())
    except SystemCheckError as error:
        return str(error)
    return ""


def test_a_sound_saga_passes_and_not_every_step_needs_an_undo() -> None:
    declare(
        step("one"),
        step("two", done=LegDone, within=SOON),
        step("three", undo=nothing, refusals=(Refused,), on_refused=nothing),
    )
    assert said() == ""


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"attempts": 0}, "has attempts=0"),
        ({"done": LegDone}, "waits for done= for ever"),
        ({"within": SOON}, "has within=, but no done="),
        ({"refused": LegRefused}, "has refused=, but no done="),
        ({"on_done": nothing}, "has on_done=, but no done="),
        ({"correlate": nothing}, "has correlate=, but no done="),
        ({"done": LegDone, "within": timedelta()}, "has within=0:00:00"),
        ({"done": LegDone, "refused": LegDone, "within": SOON}, "takes sample.leg_done for both done= and refused="),
        ({"on_refused": nothing}, "has on_refused=, but nothing refuses it"),
    ],
)
def test_a_step_that_could_never_be_answered_is_refused(given: dict[str, Any], wrong: str) -> None:
    declare(step(**given))
    found = said()
    assert "strangler.E404" in found
    assert f"saga 'purchase' in {__name__}: step 'one' {wrong}" in found


def test_names_that_could_not_be_told_apart_or_used_are_refused() -> None:
    declare(step("one"), step("one"))
    declare(step(""), name="purchase")
    declare(step("x" * 128), name="No Group")
    declare(step(), name="x" * 128)
    declare(name="empty")
    found = said()
    assert found.count("another saga has the same name") == 2
    assert "2 steps are called 'one'" in found
    assert found.count("is not 1 to 127 characters") == 2
    assert "consumer group 'No Group'" in found
    assert "the name has more than 127 characters" in found
    assert "saga 'empty' in tests.unit.saga.test_checks: it has no steps" in found


def test_a_key_that_is_no_field_is_refused() -> None:
    declare(step(), key="order_number")
    assert "key='order_number' is no field of Data" in said()


def test_steps_that_share_an_answer_must_tell_their_own() -> None:
    declare(step("one", done=LegDone, within=SOON), step("two", done=LegDone, within=SOON, correlate=nothing))
    assert "sample.leg_done answers both step 'one' and step 'two'" in said()


def test_a_handler_of_the_same_group_and_event_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    registry.subscriptions.add(Subscription("purchase", LegDone, nothing))
    with pytest.raises(InboxError, match=r"group 'purchase' handles 'sample\.leg_done' twice"):
        declare(step(done=LegDone, within=SOON))


def test_what_answers_a_saga_is_in_the_map_and_in_its_groups_queue() -> None:
    assert subscriptions.routing_keys("trips")[:2] == ["sample.leg_done", "sample.leg_refused"]
    out = io.StringIO()
    call_command("topology", stdout=out)
    assert "→ trips: tests.sample.sagas.trips" in out.getvalue()
