"""What the kit's Django apps have in common: each brings the check of the kit's settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.core import checks

from strangler.conf import NO_STAGE_TABLE, settings
from strangler.errors import ConfigurationError
from strangler.messaging import Event


def check_settings(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[checks.CheckMessage]:
    try:
        settings.load()
    except ConfigurationError as error:
        return [checks.Error(str(error), hint="See the kit's settings in strangler/conf.py.", id="strangler.E001")]
    if settings.stage_source == "database" and not apps.is_installed("strangler.cutover"):
        return [checks.Error(NO_STAGE_TABLE, hint='Add it, or set STAGE_SOURCE to "settings".', id="strangler.E002")]
    return []


def is_owned(event: type[Event]) -> bool:
    """Whether the installed app that declares the class is the event's owner, and not a reader of it."""
    app = apps.get_containing_app_config(event.__module__)
    return app is not None and app.label == event.owner


class KitAppConfig(AppConfig):
    def ready(self) -> None:
        checks.register(check_settings)
