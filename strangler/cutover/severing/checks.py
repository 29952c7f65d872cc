"""System checks: soft references lead somewhere, and into a context that has left lead no foreign keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core import checks

from strangler.conf import Stage, settings
from strangler.cutover.severing.border import inward_models
from strangler.cutover.severing.soft import declared
from strangler.errors import ConfigurationError

_HAS_LEFT = {Stage.EXTRACTED, Stage.RETIRED}


@checks.register("strangler")
def check_foreign_keys(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[checks.CheckMessage]:
    """E331: no such field. W332: a model still has a foreign key into a context whose rows are made elsewhere."""
    try:
        softs, stages = settings.soft_references, settings.stages
    except ConfigurationError:
        return []  # strangler.E001 says it
    problems: list[checks.CheckMessage] = [
        checks.Error(found, id="strangler.E331")
        for found in (declared(source, target) for source, target in softs.items())
        if isinstance(found, str)
    ]
    for context, setting in sorted(stages.items()):
        fields = inward_models(context) if setting.stage in _HAS_LEFT else []
        if fields:
            problems.append(_ties(context, str(setting), fields))
    return problems


def _ties(context: str, stage: str, fields: Sequence[str]) -> checks.CheckMessage:
    return checks.Warning(
        f"{context}={stage}: foreign keys lead into its tables, whose rows are made elsewhere now: {', '.join(fields)}",
        hint=f"Sever them by SeverForeignKey, or go by a natural key: `manage.py foreign_keys {context}` lists them.",
        id="strangler.W332",
    )
