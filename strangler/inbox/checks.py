"""System checks: a handler reads an event that somebody really publishes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.core import checks

from strangler.apps import is_owned
from strangler.conf import settings
from strangler.errors import ConfigurationError
from strangler.inbox.subscriptions import Subscription, subscriptions
from strangler.messaging import Event, registry
from strangler.messaging.contracts import contract_path


@checks.register("strangler")
def check_handlers(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[checks.CheckMessage]:
    """E201: nobody publishes what a handler waits for. W201: nothing says whether somebody does."""
    try:
        settings.load()
    except ConfigurationError:
        return []  # strangler.E001 says it
    found = (_check(subscription) for subscription in subscriptions)
    return [message for message in found if message is not None]


def _check(subscription: Subscription) -> checks.CheckMessage | None:
    event = subscription.event_class
    if _declared_by_its_owner(event):
        return None
    if event.owner in apps.app_configs:
        where, way_out = (
            f"app {event.owner!r}",
            f"Declare it in {event.owner}'s events.py, or correct type= or version=",
        )
        return _unknown(subscription, where, way_out)
    if not settings.contracts_dir:
        return checks.Warning(
            f"{subscription.handler_name} handles {event.wire_type()} of another service: nothing says that it exists",
            hint='Set STRANGLER["CONTRACTS_DIR"] to the folder with the published schemas.',
            id="strangler.W201",
        )
    path = Path(settings.contracts_dir) / contract_path(event)
    if path.exists():
        return None
    return _unknown(subscription, str(path.parent), "Fetch the owner's current schemas, or correct type= or version=")


def _unknown(subscription: Subscription, where: str, way_out: str) -> checks.Error:
    wire_type = subscription.event_class.wire_type()
    return checks.Error(
        f"{subscription.handler_name} handles {wire_type}, which {where} does not know",
        hint=way_out,
        id="strangler.E201",
    )


def _declared_by_its_owner(event: type[Event]) -> bool:
    return any(is_owned(declared) for declared in registry.declared_as(event.wire_type()))
