"""An event that answers a step, as a handler of the inbox: one transaction with the note that it was handled."""

from __future__ import annotations

from typing import Any

import structlog

from strangler.errors import SagaError
from strangler.messaging import Event, encode, incoming_message
from strangler.saga import store
from strangler.saga.databases import database
from strangler.saga.declaring import Saga
from strangler.saga.going import Go

log = structlog.get_logger(__name__)


def take_answer(saga: Saga[Any], event: Event) -> None:
    """Waits for whoever has the instance locked. An event about no instance, or none of ours, changes nothing."""
    envelope = incoming_message()
    if envelope is None:
        raise SagaError(f"an answer to saga {saga.name!r} was handed over outside of a consumer")
    asked_by = saga.asked_by(event)
    if len(asked_by) > 1:
        steps = ", ".join(step.name for step, _ in asked_by)
        raise SagaError(f"{envelope.type} answers several steps of saga {saga.name!r} ({steps}): mend their correlate=")
    using = database()
    for step, key in asked_by:
        instance = store.find(saga.name, key, envelope.correlationid, using=using)
        if instance is None:
            log.debug("saga_unknown", saga=saga.name, key=key, type=envelope.type)
            continue
        go = Go(saga, instance, using=using)
        go.answered(step, envelope, encode(envelope))
        go.save()
