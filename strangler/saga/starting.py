"""The first go: in the caller's transaction, which is the cheapest compensation there is."""

from __future__ import annotations

from typing import TypeVar

from django.db import connections
from pydantic import BaseModel

from strangler.errors import NotInTransaction, SagaAlreadyRunning
from strangler.messaging import current, working_on
from strangler.saga import store
from strangler.saga.databases import database
from strangler.saga.declaring import Saga
from strangler.saga.going import Go
from strangler.saga.models import SagaInstance

D = TypeVar("D", bound=BaseModel)


def start(saga: Saga[D], data: D) -> SagaInstance:
    """See `Saga.start()`."""
    using = database()
    packed = saga.pack(data)
    if not connections[using].in_atomic_block:
        raise NotInTransaction(
            f"saga {saga.name!r} was started outside a transaction on database {using!r}: put start() inside the "
            "transaction.atomic() block that makes the change it belongs to"
        )
    work = current()
    instance = SagaInstance(
        saga=saga.name,
        key=saga.key_of(data),
        status=SagaInstance.Status.RUNNING,
        step=saga.steps[0].name,
        data=packed,
        correlation_id=work.correlation_id,
        traceparent=work.traceparent,
    )
    if not store.insert(instance, using=using):
        raise _already_running(saga, instance.key, using)
    go = Go(saga, instance, using=using)
    with working_on(work.correlation_id, work.traceparent, incoming=work.incoming):
        go.begin(data)
    go.save()
    return instance


def _already_running(saga: Saga[D], key: str, using: str) -> SagaAlreadyRunning:
    running = SagaInstance.objects.using(using).filter(saga=saga.name, key=key, finished_at=None).first()
    where = f"{running.status} at step {running.step!r}" if running and running.step else "about to end"
    return SagaAlreadyRunning(
        f"saga {saga.name!r} is running for {saga.key} {key!r} already ({where}): wait for its end, or start it with "
        f"another {saga.key}"
    )
