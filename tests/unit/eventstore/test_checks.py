"""What is wrong with a stream or a projection is said before anything is appended."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from strangler.eventstore import EventStream, checks, declaring, projecting
from strangler.eventstore.registry import Projections, Streams
from strangler.messaging import Event, EventKind, registry
from strangler.messaging.registry import EventRegistry
from tests.sample.events import StepTaken
from tests.sample.streams import Account, Noted, Notes, evolve, write_down


class Loose(BaseModel):
    number: str = ""


class Demanding(BaseModel):
    model_config = ConfigDict(frozen=True)

    number: str


class Base(Event): ...


@pytest.fixture(autouse=True)
def _registries_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name, fresh in (
        *((where, "streams", found) for found in [Streams()] for where in (declaring, checks)),
        *((where, "projections", found) for found in [Projections()] for where in (projecting, checks)),
    ):
        monkeypatch.setattr(module, name, fresh)


def said() -> str:
    """Only of these checks: those of a whole project take a second."""
    return "\n".join(str(message) for message in (*checks.check_streams(None), *checks.check_projections(None)))


def declare(category: str = "note", **given: Any) -> EventStream[Any]:
    options: dict[str, Any] = {"state": Notes, "evolve": write_down, "events": (Noted,), **given}
    return EventStream(category, **options)


def project(name: str, *streams: EventStream[Any]) -> None:
    projecting.projection(name, streams=streams, reset=list)(lambda recorded: None)


def in_sample(monkeypatch: pytest.MonkeyPatch, name: str, **declared: Any) -> type[Event]:
    """An event as the app `sample` would declare it, which no other test sees."""
    known = EventRegistry()
    for event in registry:
        known.add(event)
    for module in ("strangler.messaging.event", "strangler.eventstore.checks"):
        monkeypatch.setattr(f"{module}.registry", known)
    namespace = {"__module__": "tests.sample.streams", "__qualname__": name, "__annotations__": {"note": str}}
    return type(Event)(name, (Event,), namespace, aggregate="note", key="note", kind="domain", **declared)


def test_sound_ones_pass() -> None:
    stream = declare()
    project("texts", stream)
    assert said() == ""


@pytest.mark.parametrize(
    ("given", "id", "text"),
    [
        ({"category": "Note taken"}, "E501", "the category is no name"),
        ({"state": Loose}, "E502", "Loose is not frozen"),
        ({"state": Demanding}, "E502", "number of Demanding has no default"),
        ({"snapshot_every": -1}, "E502", "snapshot_every=-1"),
        ({"events": ()}, "E503", "it has no events"),
        ({"events": (Noted, Noted)}, "E503", "2 classes are of sample.noted"),
        ({"events": (Base,)}, "E503", "Base declares no type="),
        ({"events": (StepTaken,)}, "E503", "StepTaken is an integration event"),
    ],
)
def test_a_stream_that_could_not_be_kept_is_refused(given: dict[str, Any], id: str, text: str) -> None:
    declare(**given)
    assert f"(strangler.{id}) stream" in said()
    assert text in said()


def test_a_category_that_two_streams_have_is_refused() -> None:
    declare()
    declare("note", state=Account, evolve=evolve)
    assert said().count("strangler.E501") == 2


def test_an_event_of_another_app_is_refused() -> None:
    class Elsewhere(Event, type="sample.elsewhere", key="note", kind=EventKind.DOMAIN):
        note: str

    declare(events=(Elsewhere,))
    assert "Elsewhere is 'sample.elsewhere', which is not of the app that declares it" in said()


def test_a_gap_between_versions_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    gapped = in_sample(monkeypatch, "Gapped", type="sample.gapped", version=3)
    declare(events=(gapped,))
    assert "strangler.E504" in said()
    assert "no upcaster leads from sample.gapped.v2 to v3" in said()
    assert '@upcaster("sample.gapped", from_version=2)' in said()


def test_a_class_that_is_not_of_the_newest_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    in_sample(monkeypatch, "NotedNow", type="sample.noted", version=2)
    declare()
    assert "Noted is version 1 of sample.noted" in said()
    assert "List that of v2" in said()


def test_a_projection_that_could_not_be_told_apart_or_reads_nothing_is_refused() -> None:
    stream = declare()
    for name in ("texts", "texts", "All texts"):
        project(name, stream)
    project("nothing")
    assert said().count("another projection has the same name") == 2
    assert "it has no sound name" in said()
    assert "projection 'nothing' in tests.unit.eventstore.test_checks: it has no streams" in said()
