"""System checks: a stage names a context there is, has what it needs, and finds both sides of each capability."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.apps import AppConfig
from django.core import checks

from strangler.conf import Stage, StageSetting, StagesInForce, settings
from strangler.cutover.contexts import known_contexts
from strangler.cutover.gone import gone, refusal
from strangler.cutover.router import capabilities
from strangler.errors import ConfigurationError

_MEND_THE_NAME = 'Mend the name in STRANGLER["STAGES"] or in the environment variable STAGE_{CONTEXT}.'
_ASKS_THE_SERVICE = {Stage.CANARY, Stage.EXTRACTED, Stage.RETIRED}


@checks.register("strangler")
def check_stages(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[checks.CheckMessage]:
    """E301, E302: beyond `monolith` without a broker, a relay. E303: unknown context. E304: half a capability.

    E305: a stage of code that is deleted. Stages of the database say that themselves, by `override_checks`.
    """
    try:
        moved = {context: item for context, item in settings.stages.items() if item.stage is not Stage.MONOLITH}
    except ConfigurationError:
        return []  # strangler.E001 says it
    back = [] if settings.stage_source == "database" else back_to_deleted_code(settings.stages)
    return [*moved_too_far(moved), *unknown_stages(settings.stages, _MEND_THE_NAME), *back]


def moved_too_far(moved: Mapping[str, StageSetting]) -> list[checks.CheckMessage]:
    """For what has come further than `monolith`."""
    return [*_without_flow(moved), *_incomplete(moved)]


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


def unknown_stages(stages: Mapping[str, StageSetting], way_out: str) -> Iterator[checks.CheckMessage]:
    """`way_out` has a place for the `{context}`, and may have one for the `{CONTEXT}`."""
    for context in sorted(stages.keys() - known_contexts()):
        yield checks.Error(
            f"{context}={stages[context]}: there is no context {context!r}: neither an app has this label nor does an "
            "event or a capability of this project belong to it",
            hint=way_out.format(context=context, CONTEXT=context.upper()),
            id="strangler.E303",
        )


def back_to_deleted_code(stages: Mapping[str, StageSetting]) -> Iterator[checks.CheckMessage]:
    """A context of which nothing is said is `monolith`, too."""
    for context, way_back in gone.items():
        setting = StagesInForce(stages).of(context)
        if setting.stage is not Stage.RETIRED:
            yield checks.Error(
                f"{context}={setting}: {refusal(context, setting)}",
                hint=f"Set the stage of {context} to retired. To go back: {way_back}",
                id="strangler.E305",
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
