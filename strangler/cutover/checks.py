"""System checks: a stage in which events must flow needs a broker to flow to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core import checks

from strangler.conf import Stage, settings
from strangler.errors import ConfigurationError


@checks.register("strangler")
def check_stages(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[checks.CheckMessage]:
    """E301: beyond `monolith` without a broker. E302: beyond `monolith` without a relay."""
    try:
        moved = [f"{context}={item}" for context, item in settings.stages.items() if item.stage is not Stage.MONOLITH]
    except ConfigurationError:
        return []  # strangler.E001 says it
    problems: list[checks.CheckMessage] = []
    if moved and not settings.broker_url:
        problems.append(_missing(moved, "BROKER_URL", "is empty", "the broker's URL", "strangler.E301"))
    if moved and settings.relay == "none":
        problems.append(_missing(moved, "RELAY", 'is "none"', '"polling" or "stream"', "strangler.E302"))
    return problems


def _missing(moved: list[str], setting: str, state: str, takes: str, id: str) -> checks.Error:
    return checks.Error(
        f'{", ".join(moved)}: events must flow, but STRANGLER["{setting}"] {state}',
        hint=f'Set STRANGLER["{setting}"] to {takes}, or the stage back to monolith.',
        id=id,
    )
