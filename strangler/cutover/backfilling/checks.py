"""System checks: a backfill stands where its events do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.core import checks

from strangler.cutover.backfilling.declaring import backfills


@checks.register("strangler")
def check_backfills(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[checks.CheckMessage]:
    """E320: a backfill tells events of a context from an app that is not the context's."""
    return [
        checks.Error(
            f"{told.place} is the backfill {told.name!r}, but stands in {_app_of(told.module)}",
            hint=f"Move it to the backfill.py of app {told.context!r}, which owns the events, or mend its name.",
            id="strangler.E320",
        )
        for told in backfills.values()
        if _app_of(told.module) != f"app {told.context!r}"
    ]


def _app_of(module: str) -> str:
    app = apps.get_containing_app_config(module)
    return f"app {app.label!r}" if app else "no installed app"
