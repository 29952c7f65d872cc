"""System checks: `MODELS_WITH_EVENTS` names models that there are, whose changes somebody can tell of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.core import checks
from django.db import router

from strangler.conf import settings
from strangler.cutover.silent_writes.declared import Declared, declared
from strangler.errors import ConfigurationError
from strangler.messaging import registry


@checks.register("strangler")
def check_models_with_events(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[checks.CheckMessage]:
    """E321: no such model or field. E322: no event tells of the model. E323: its database has no outbox."""
    try:
        items = settings.models_with_events.items()
    except ConfigurationError:
        return []  # strangler.E001 says it
    problems: list[checks.CheckMessage] = []
    for found in [declared(label, item) for label, item in items]:
        if isinstance(found, str):
            problems.append(checks.Error(found, id="strangler.E321"))
        else:
            problems += [*_untold(found), *_elsewhere(found)]
    return problems


def _untold(model: Declared) -> Iterator[checks.CheckMessage]:
    if not any(model.is_told_by(event.aggregate_type) for event in registry):
        known = ", ".join(sorted({event.aggregate_type for event in registry})) or "none"
        yield checks.Error(
            f'STRANGLER["MODELS_WITH_EVENTS"][{model.label!r}]: this project has no event of {model.teller}',
            hint=f'Declare one, or set ["AGGREGATE"] to the aggregate whose events tell of it (known: {known}).',
            id="strangler.E322",
        )


def _elsewhere(model: Declared) -> Iterator[checks.CheckMessage]:
    here, outbox = router.db_for_write(model.model), _database_of_the_outbox()
    if outbox is None:
        yield checks.Error(
            f'STRANGLER["MODELS_WITH_EVENTS"][{model.label!r}]: without an outbox nothing tells of its changes',
            hint='Add "strangler.outbox" to INSTALLED_APPS.',
            id="strangler.E323",
        )
    elif here != outbox:
        yield checks.Error(
            f'STRANGLER["MODELS_WITH_EVENTS"][{model.label!r}]: its rows are in database {here!r}, the outbox is in '
            f"{outbox!r}: no transaction holds a change and its event",
            hint="Route the outbox to the database of the models that have events.",
            id="strangler.E323",
        )


def _database_of_the_outbox() -> str | None:
    """None in a service that publishes nothing."""
    if not apps.is_installed("strangler.outbox"):
        return None
    from strangler.outbox.models import OutboxMessage

    return router.db_for_write(OutboxMessage)
