"""System checks of the stages in the database: `check --database default`, and `migrate`, which passes its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.db import Error, router

from strangler.conf import Stage, settings
from strangler.cutover.checks import back_to_deleted_code, moved_too_far, unknown_stages
from strangler.cutover.models import StageChange
from strangler.cutover.overrides import read_overrides
from strangler.errors import ConfigurationError

_BRING_IT_HOME = "Install the app that was meant, or bring it home: manage.py stage {context} monolith."


@checks.register("strangler", checks.Tags.database)
def check_overrides(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **_: Any
) -> list[checks.CheckMessage]:
    """What `check_stages` says of stages in the settings, of overrides: E301 to E305."""
    try:
        if settings.stage_source == "settings" or router.db_for_write(StageChange) not in (databases or ()):
            return []
        found = read_overrides().by_context
    except (ConfigurationError, Error):
        return []  # strangler.E001 says it; a table that is missing is about to be made
    moved = {context: item for context, item in found.items() if item.stage is not Stage.MONOLITH}
    back = back_to_deleted_code({**settings.stages, **found})
    return [*moved_too_far(moved), *unknown_stages(moved, _BRING_IT_HOME), *back]
