"""The worker: deadlines, retries and what people have asked for. Answers are the consumer's business."""

from __future__ import annotations

from threading import Event

import structlog
from django.db import connections, reset_queries, transaction
from structlog.contextvars import bound_contextvars

from strangler.conf import settings
from strangler.outages import survive_outages
from strangler.saga.claiming import Claim, begin, claim, give_back, next_due
from strangler.saga.going import Go
from strangler.saga.models import SagaInstance
from strangler.saga.presence import be_counted
from strangler.saga.registry import Sagas

log = structlog.get_logger(__name__)

BATCH = 20
LONGEST_SLEEP = 1.0
"""Seconds. The next one due may be an hour away, and a person's "resume" comes in between."""


class SagaWorker:
    """Any number may run at once. `stop` ends `run()` after the instance at hand."""

    def __init__(self, sagas: Sagas, *, using: str, stop: Event) -> None:
        self._sagas = sagas
        self._names = sagas.names()
        self._using = using
        self._stop = stop

    def run(self) -> None:
        """A database that is away is waited for, longer each time."""
        survive_outages(self._work, stop=self._stop, backoff_max=settings.consumer_backoff_max)

    def step(self) -> int:
        """One batch of what is due; returns how many instances were claimed."""
        claims = claim(self._names, BATCH, using=self._using)
        for place, claimed in enumerate(claims):
            if self._stop.is_set():
                give_back(claims[place:], using=self._using)
                break
            started = begin(claimed, using=self._using)
            if started:
                self._go_on_with(started)
        return len(claims)

    def _work(self) -> None:
        connections[self._using].close_if_unusable_or_obsolete()
        log.info("saga_worker_started", sagas=self._names)
        self._warn_of_unknown()
        be_counted(self._using)  # a step that closes the session is an outage, after which this is done anew
        while not self._stop.is_set():
            if not self.step():
                self._sleep()
            reset_queries()  # with DEBUG they would be kept

    def _sleep(self) -> None:
        seconds = next_due(self._names, using=self._using)
        self._stop.wait(LONGEST_SLEEP if seconds is None else min(LONGEST_SLEEP, max(0.0, seconds)))

    def _go_on_with(self, started: Claim) -> None:
        try:
            with transaction.atomic(using=self._using):
                self._go(started)
        except Exception as error:
            if not connections[self._using].is_usable():
                raise
            with transaction.atomic(using=self._using):  # at its commit nobody could say which step was to blame
                self._go(started, failed=error)

    def _go(self, started: Claim, *, failed: Exception | None = None) -> None:
        known = SagaInstance.objects.using(self._using).filter(pk=started.id, due_at=started.due_at)
        instance = known.select_for_update().first()
        if instance is None:
            return  # an answer or a person was faster
        go = Go(self._sagas.find(instance.saga), instance, using=self._using, counted=True)
        with bound_contextvars(correlation_id=instance.correlation_id):
            go.due() if failed is None else go.failed(failed)
        go.save()

    def _warn_of_unknown(self) -> None:
        """Of a saga whose code is gone nobody would hear otherwise; another process may have it."""
        unknown = SagaInstance.objects.using(self._using).filter(due_at__isnull=False).exclude(saga__in=self._names)
        for name in sorted(set(unknown.values_list("saga", flat=True))):
            log.warning("saga_without_code", saga=name, remedy="run a worker that has it, or see `manage.py saga`")
