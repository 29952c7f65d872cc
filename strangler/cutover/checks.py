"""System checks: a stage names a context there is, has what it needs, and finds both sides of each capability."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.core import checks

from strangler.conf import Stage, StageSetting, settings
from strangler.cutover.router import capabilities
from strangler.errors import ConfigurationError
from strangler.messaging import registry

_ASKS_THE_SERVICE = {Stage.CANARY, Stage.EXTRACTED, Stage.RETIRED}


@checks.register("strangler")
def check_stages(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[checks.CheckMessage]:
    """E301, E302: beyond `monolith` without a broker, a relay. E303: unknown context. E304: half a capability."""
    try:
        moved = {context: item for context, item in settings.stages.items() if item.stage is not Stage.MONOLITH}
    except ConfigurationError:
        return []  # strangler.E001 says it
    return [*_without_flow(moved), *_unknown(settings.stages), *_incomplete(moved)]


def _without_flow(moved: Mapping[str, StageSetting]) -> Iterator[checks.CheckMessage]:
    named = ", ".join(f"{context}={item}" for context, item in moved.items())
    if moved and not settings.broker_url:
        yield _missing(named, "BROKER_URL", "is empty", "the broker's URL", "strangler.E301")
    if moved and settings.relay == "none":
        yield _missing(named, "RELAY", 'is "none"', '"polling" or "stream"', "strangler.E302")


def _missing(moved: str, setting: str, state: str, takes: str, id: str) -> checks.Error:
    return checks.Error(
        f'{moved}: events must flow, but STRANGLER["{setting}"] {state}',
        hint=f'Set STRANGLER["{setting}"] to {takes}, or the stage back to monolith.',
        id=id,
    )


def _unknown(stages: Mapping[str, StageSetting]) -> Iterator[checks.CheckMessage]:
    """A context is an installed app, or owns an event that this project knows."""
    known = {config.label for config in apps.get_app_configs()} | {event.owner for event in registry}
    for context in sorted(stages.keys() - known):
        yield checks.Error(
            f"{context}={stages[context]}: there is no context {context!r}: neither an app has this label nor does an "
            "event of this project belong to it",
            hint=f'Mend the name in STRANGLER["STAGES"] or in the environment variable STAGE_{context.upper()}.',
            id="strangler.E303",
        )


def _incomplete(moved: Mapping[str, StageSetting]) -> Iterator[checks.CheckMessage]:
    for capability in capabilities:
        setting = moved.get(capability.context)
        if setting is not None and setting.stage in _ASKS_THE_SERVICE and not capability.is_complete:
            yield checks.Error(
                f"{capability.context}={setting}: {capability.name} has no extracted implementation to ask",
                hint=f"Decorate one with @{capability.__name__}.extracted in a module that is imported at start-up, or "
                f"set the stage of {capability.context} back to shadow.",
                id="strangler.E304",
            )
