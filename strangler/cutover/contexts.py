"""Which bounded contexts there are, as far as this project can tell."""

from __future__ import annotations

from django.apps import apps

from strangler.apps import is_owned
from strangler.conf import settings
from strangler.cutover.router import capabilities
from strangler.messaging import registry


def known_contexts() -> set[str]:
    """A context is an installed app, owns an event that this project knows, or has a capability of its own here."""
    apps_and_owners = {config.label for config in apps.get_app_configs()} | {event.owner for event in registry}
    return apps_and_owners | {each.context for each in capabilities}


def contexts_on_their_way() -> set[str]:
    """Of all apps, those that publish events, answer for a capability, or have a stage or a service in the settings."""
    publishing = {event.owner for event in registry if is_owned(event)}
    return publishing | {each.context for each in capabilities} | set(settings.stages) | set(settings.services)
