"""System checks: `MODELS_WITH_EVENTS` names models that there are, whose changes somebody can tell of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.db import router

from strangler.conf import settings
from strangler.cutover.silent_writes.declared import Declared, declared
from strangler.errors import ConfigurationError
from strangler.messaging import registry
from strangler.outbox.models import OutboxMessage


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
    here, outbox = router.db_for_write(model.model), router.db_for_write(OutboxMessage)
    if here != outbox:
        yield checks.Error(
            f'STRANGLER["MODELS_WITH_EVENTS"][{model.label!r}]: its rows are in database {here!r}, the outbox is in '
            f"{outbox!r}: no transaction holds a change and its event",
            hint="Route the outbox to the database of the models that have events.",
            id="strangler.E323",
        )
