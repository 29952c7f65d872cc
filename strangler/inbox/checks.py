"""System checks: a handler reads an event that somebody really publishes, in each version that may come."""

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
from strangler.messaging import registry
from strangler.messaging.contracts import contract_path, versions_in
from strangler.messaging.upcasters import lifted_versions, oldest_readable


@checks.register("strangler")
def check_handlers(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[checks.CheckMessage]:
    """E201: nobody publishes what a handler waits for. W201: nothing says whether somebody does.

    E202: an older version may come, and a step of the way up to the handler's is missing. W202: a newer one may come.
    """
    try:
        settings.load()
    except ConfigurationError:
        return []  # strangler.E001 says it
    found = [each for one in subscriptions for each in (_check(one), check_versions(one, _known_versions(one)))]
    return [message for message in found if message is not None]


def check_versions(subscription: Subscription, known: set[int]) -> checks.CheckMessage | None:
    """`known` are the versions of its event that somebody publishes, or once did."""
    event = subscription.event_class
    reads = f"{subscription.handler_name} reads {event.wire_type()}"
    oldest = oldest_readable(event.event_type, event.version)
    if lost := sorted(version for version in known if version < oldest):
        return checks.Error(
            f"{reads}, and no upcaster lifts v{oldest - 1} to v{oldest}: messages of v{', v'.join(map(str, lost))} "
            "may still come, from a log, an outbox or a producer that was not deployed yet",
            hint=f'Register one with @upcaster("{event.event_type}", from_version={oldest - 1}).',
            id="strangler.E202",
        )
    if (newest := max(known, default=0)) > event.version:
        return checks.Warning(
            f"{reads}, and v{newest} is published: what comes of it is parked until a handler reads it",
            hint=f"Declare v{newest} with upcasters up to it, and redrive what is parked.",
            id="strangler.W202",
        )
    return None


def _known_versions(subscription: Subscription) -> set[int]:
    """Those that are published, and those that an upcaster was written for."""
    name = subscription.event_class.event_type
    lifted = {version for version in lifted_versions(name) if version < subscription.event_class.version}
    return _declared(name) | _in_contracts(name) | lifted


def _declared(name: str) -> set[int]:
    """By its owner's classes, where that is an app of this project."""
    return {event.version for event in registry if event.event_type == name and is_owned(event)}


def _in_contracts(name: str) -> set[int]:
    return set(versions_in(Path(settings.contracts_dir), name)) if settings.contracts_dir else set()


def _check(subscription: Subscription) -> checks.CheckMessage | None:
    """A reader may be deployed before the version that it reads is published: that it lifts the others is E202's."""
    event = subscription.event_class
    if _declared(event.event_type):
        return None
    if event.owner in apps.app_configs:
        way_out = f"Declare it in {event.owner}'s events.py, or correct type="
        return _unknown(subscription, f"app {event.owner!r}", way_out)
    if not settings.contracts_dir:
        return checks.Warning(
            f"{subscription.handler_name} handles {event.wire_type()} of another service: nothing says that it exists",
            hint='Set STRANGLER["CONTRACTS_DIR"] to the folder with the published schemas.',
            id="strangler.W201",
        )
    if _in_contracts(event.event_type):
        return None
    folder = (Path(settings.contracts_dir) / contract_path(event)).parent
    return _unknown(subscription, str(folder), "Fetch the owner's current schemas, or correct type=")


def _unknown(subscription: Subscription, where: str, way_out: str) -> checks.Error:
    wire_type = subscription.event_class.wire_type()
    return checks.Error(
        f"{subscription.handler_name} handles {wire_type}, which {where} does not know",
        hint=way_out,
        id="strangler.E201",
    )
