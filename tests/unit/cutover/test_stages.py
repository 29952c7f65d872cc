"""The side that does a context's work is decided once, where the event is published."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from strangler.conf import settings as kit
from strangler.cutover import Stage, monolith_serves, service_serves, stage_of
from strangler.errors import ConfigurationError, StranglerError
from strangler.messaging import seal, working_for_message
from tests.sample.events import StepTaken

KEYS = [f"order-{number}" for number in range(400)]


def stages(settings: Any, **stages: Any) -> None:
    settings.STRANGLER = {**settings.STRANGLER, "STAGES": stages}


@pytest.mark.parametrize(
    ("stage", "monolith"),
    [("monolith", True), ("emitting", True), ("shadow", True), ("extracted", False), ("retired", False)],
)
def test_one_side_serves_in_each_stage(settings: Any, stage: str, monolith: bool) -> None:
    stages(settings, notifications=stage)
    assert stage_of("notifications") is Stage(stage)
    assert monolith_serves("notifications", key="a") is monolith
    assert _service_serves("a") is not monolith


def test_a_context_nobody_mentions_is_at_home() -> None:
    assert stage_of("shipping") is Stage.MONOLITH


@pytest.mark.parametrize("percent", [0, 10, 50, 100])
def test_a_canary_key_is_always_served_by_the_same_side_and_by_one_only(settings: Any, percent: int) -> None:
    stages(settings, notifications={"stage": "canary", "percent": percent})
    monolith = {key for key in KEYS if monolith_serves("notifications", key=key)}
    service = {key for key in KEYS if _service_serves(key)}
    assert monolith.isdisjoint(service)
    assert monolith | service == set(KEYS)
    assert abs(len(service) / len(KEYS) - percent / 100) < 0.06


def test_a_growing_canary_keeps_the_keys_it_has(settings: Any) -> None:
    stages(settings, notifications="canary:10")
    few = {key for key in KEYS if not monolith_serves("notifications", key=key)}
    stages(settings, notifications="canary:40")
    assert few < {key for key in KEYS if not monolith_serves("notifications", key=key)}


def test_the_message_decides_and_not_the_settings_of_its_consumer(settings: Any) -> None:
    stages(settings, notifications="extracted")
    envelope = seal(StepTaken(thing="a", step=1), source="shop", stages=kit.stages_in_force().stamp)
    stages(settings, notifications="monolith")
    with working_for_message(envelope):
        assert service_serves("notifications")


def test_outside_a_handler_there_is_no_message_to_ask() -> None:
    with pytest.raises(StranglerError, match="while a message is being handled"):
        service_serves("notifications")


def test_the_environment_wins_over_the_settings(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAGE_NOTIFICATIONS", "canary:25")
    stages(settings, notifications="extracted")
    assert str(kit.stages["notifications"]) == "canary:25"
    monkeypatch.setenv("STAGE_NOTIFICATIONS", "gone")
    stages(settings, notifications="extracted")
    with pytest.raises(ConfigurationError, match=r"environment variable STAGE_NOTIFICATIONS='gone': .*'canary'"):
        kit.load()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"STAGES": {"notifications": "gone"}}, r"STRANGLER\['STAGES'\].*'monolith', 'emitting'"),
        ({"STAGES": {"notifications": "canary:101"}}, "less than or equal to 100"),
        ({"BATCH": 1}, r"STRANGLER\['BATCH'\] is no setting of the kit \(known: .*RELAY_BATCH_SIZE"),
        ({"RELAY": "carrier pigeon"}, r"STRANGLER\['RELAY'\]"),
        ({"RELAY_BATCH_SIZE": "many"}, r"STRANGLER\['RELAY_BATCH_SIZE'\].*integer"),
    ],
)
def test_a_wrong_setting_is_named(settings: Any, wrong: dict[str, Any], said: str) -> None:
    settings.STRANGLER = wrong
    with pytest.raises(ConfigurationError, match=said):
        kit.load()
    with pytest.raises(SystemCheckError, match=r"strangler\.E001"):
        call_command("check")


@pytest.mark.parametrize(("change", "said"), [({"BROKER_URL": ""}, "E301"), ({"RELAY": "none"}, "E302")])
def test_a_stage_whose_events_cannot_flow_is_refused(settings: Any, change: dict[str, str], said: str) -> None:
    settings.STRANGLER = {**settings.STRANGLER, "STAGES": {"notifications": "emitting"}, **change}
    with pytest.raises(SystemCheckError, match=said):
        call_command("check")


def _service_serves(key: str) -> bool:
    envelope = seal(StepTaken(thing=key, step=1), source="shop", stages=kit.stages_in_force().stamp)
    with working_for_message(envelope):
        return service_serves("notifications")
