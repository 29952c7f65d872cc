"""One database: the events of a stream, what is published with them and what is projected of them commit together."""

from __future__ import annotations

from django.db import router

from strangler.errors import ConfigurationError
from strangler.eventstore.models import StreamEvent


def database() -> str:
    """Its alias. Raises `ConfigurationError` where DATABASE_ROUTERS puts the outbox elsewhere."""
    from strangler.outbox.models import OutboxMessage  # where its app is missing, a system check shall say so

    ours, outbox = router.db_for_write(StreamEvent), router.db_for_write(OutboxMessage)
    if outbox != ours:
        raise ConfigurationError(
            "streams and outbox are written in one transaction: DATABASE_ROUTERS has StreamEvent on "
            f"{ours!r}, OutboxMessage on {outbox!r}"
        )
    return ours
