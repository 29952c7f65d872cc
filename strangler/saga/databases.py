"""One database: an instance, the note that its answer was handled, and the events of its steps commit together."""

from __future__ import annotations

from django.db import router

from strangler.errors import ConfigurationError
from strangler.saga.models import SagaInstance


def database() -> str:
    """Its alias. Raises `ConfigurationError` where DATABASE_ROUTERS names several."""
    from strangler.inbox.models import InboxMessage  # where their apps are missing, a system check shall say so
    from strangler.outbox.models import OutboxMessage

    aliases = {model: router.db_for_write(model) for model in (SagaInstance, InboxMessage, OutboxMessage)}
    if len(set(aliases.values())) > 1:
        named = ", ".join(f"{model.__name__} on {alias!r}" for model, alias in aliases.items())
        raise ConfigurationError(f"sagas take one database for all: DATABASE_ROUTERS has {named}")
    return aliases[SagaInstance]
