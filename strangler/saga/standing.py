"""Where an instance stands: what is at hand, how often it was started, what comes next, and the history of it."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction

from strangler.conf import settings
from strangler.inbox.handling import RetryPolicy, describe
from strangler.saga import counting, store
from strangler.saga.calling import Calls
from strangler.saga.declaring import ATTEMPTS, Saga, Step
from strangler.saga.models import SagaInstance
from strangler.saga.store import Note, What
from strangler.saga.trail import State, Trail

log = structlog.get_logger(__name__)
Status = SagaInstance.Status


class Standing:
    """Of a locked row. `counted`: the start of what is at hand is on file already."""

    calls: Calls

    def __init__(self, saga: Saga[Any], instance: SagaInstance, *, using: str, counted: bool = False) -> None:
        self.saga = saga
        self.instance = instance
        self.trail = Trail(instance.trail)
        self.cause: UUID | None = None
        self.using = using
        self.log = log.bind(saga=saga.name, key=instance.key)
        self._counted = counted
        self._notes: list[Note] = []
        self._delay: timedelta | None = None
        self._keep_due = False

    def save(self) -> None:
        """Instance and history in one statement."""
        instance = self.instance
        instance.trail = self.trail.told()
        finished = instance.status in {Status.COMPLETED, Status.COMPENSATED}
        delay, keep_due = self._delay, self._keep_due
        store.save(instance, self._notes, using=self.using, delay=delay, keep_due=keep_due, finished=finished)
        told = partial(counting.count, self.saga.name, [(note.what, note.step) for note in self._notes])
        transaction.on_commit(told, using=self.using, robust=True)

    def note(self, what: What, step: str = "", note: str = "") -> None:
        self._notes.append(Note(what, step, self.cause, note=note))

    def stand(self, status: SagaInstance.Status, *, after: timedelta | None = None, error: str = "") -> None:
        """`after`: when the worker goes on by itself; None: it need not."""
        self.instance.status, self.instance.error, self._delay = status, error, after

    def stay(self) -> None:
        """As it is; only the history grows."""
        self._keep_due = True

    def fail(self, error: Exception) -> None:
        """To be tried again after a while, or stuck. Raises `OperationalError` where the database is away."""
        instance = self.instance
        self.calls.require_connection(error)
        self.doubt()
        self.note(What.FAILED, instance.step, in_one_line(error))
        self.log.warning("saga_step_failed", step=instance.step, attempts=instance.attempts, error=repr(error))
        if instance.attempts >= self.limit:
            self.stick(describe(error))
            return
        policy = RetryPolicy(self.limit, settings.consumer_backoff, settings.consumer_backoff_max)
        status = Status.COMPENSATING if instance.undoing else Status.RUNNING
        self.stand(status, after=policy.delay(instance.attempts), error=describe(error))

    def stick(self, error: str) -> None:
        """Nobody goes on until a person says so."""
        self.stand(Status.STUCK, error=error)
        last_line = error.strip().rpartition("\n")[2]
        self.note(What.STUCK, self.instance.step, last_line)
        self.log.error("saga_stuck", step=self.instance.step, error=last_line)

    def doubt(self) -> None:
        """What is at hand may have done something, as far as anybody knows."""
        instance = self.instance
        if not instance.undoing and instance.step and not instance.answer and self.trail.of(instance.step) is None:
            self.trail.ran(instance.step, State.TRIED)

    def at(self, step: str) -> None:
        """Another piece of work: its starts are counted anew. Empty: none."""
        if step != self.instance.step:
            self.instance.step, self.instance.attempts, self._counted = step, 0, False

    def count(self) -> None:
        """What is at hand is started now."""
        if not self._counted:
            self.instance.attempts += 1
        self._counted = False

    @property
    def limit(self) -> int:
        """How often what is at hand may be started. Raises `SagaOutdated`."""
        return self.step.attempts if self.instance.step else ATTEMPTS

    @property
    def step(self) -> Step[Any]:
        """Raises `SagaOutdated`."""
        return self.saga.step(self.instance.step)


def in_one_line(error: object) -> str:
    """For the history: the reason that it gives, if it gives one."""
    text = getattr(error, "reason", None) or (repr(error) if isinstance(error, Exception) else str(error))
    return str(text).replace("\x00", "\\x00")[:1_000]
