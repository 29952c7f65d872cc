"""What the kit's Django apps have in common: each brings the check of the kit's settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core import checks

from strangler.conf import settings
from strangler.errors import ConfigurationError


def check_settings(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[checks.CheckMessage]:
    try:
        settings.load()
    except ConfigurationError as error:
        return [checks.Error(str(error), hint="See the kit's settings in strangler/conf.py.", id="strangler.E001")]
    return []


class KitAppConfig(AppConfig):
    def ready(self) -> None:
        checks.register(check_settings)
