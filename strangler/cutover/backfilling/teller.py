"""Tells rows to a group, chunk by chunk, and steps aside wherever it would be in the way."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from threading import Event
from time import monotonic
from typing import Any, Protocol

from django.db import OperationalError
from django.db.models import QuerySet
from psycopg import errors

from strangler.cutover.backfilling.audience import Audience
from strangler.cutover.backfilling.beside import tell_free
from strangler.cutover.backfilling.chunk import Chunk, short_transaction, tell_next
from strangler.cutover.backfilling.declaring import Backfill
from strangler.cutover.backfilling.pace import Pace, no_room

# What says that somebody else was in the way: try again, with less.
_IN_THE_WAY = (errors.LockNotAvailable, errors.DeadlockDetected, errors.SerializationFailure, errors.QueryCanceled)
_LOOK_SECONDS = 0.05
_LONG_SECONDS = 10.0


class Report(Protocol):
    def waits(self, reason: str) -> None:
        """Called again and again for as long as nothing can be told."""
        ...


class Teller:
    """Belongs to one thread. `stop` ends every wait of it."""

    def __init__(
        self, told: Backfill[Any], audience: Audience, *, using: str, pace: Pace, stop: Event, report: Report
    ) -> None:
        self._told = told
        self._audience = audience
        self._using = using
        self._pace = pace
        self._stop = stop
        self._report = report
        self._blocked_since: float | None = None
        self._hindrance = ""

    def next(
        self, wanted: QuerySet[Any], after: Any, ahead: Collection[Any], note: Callable[[Chunk], None]
    ) -> Chunk | None:
        """Once there is room for it. `note` is called in the transaction. None where nothing could be done now."""
        self._pace.wait(self._stop)
        while reason := no_room(self._using, self._audience.group):
            self._report.waits(reason)
            if self._stop.wait(_LOOK_SECONDS):
                return None
        started = monotonic()
        chunk = self._attempt(wanted, after, ahead, note)
        if chunk is not None:
            self._pace.took(chunk, monotonic() - started)
        if chunk is None or chunk.is_nothing:
            self._stand_aside(after)
            return None
        self._blocked_since = None
        return chunk

    def _attempt(
        self, wanted: QuerySet[Any], after: Any, ahead: Collection[Any], note: Callable[[Chunk], None]
    ) -> Chunk | None:
        try:
            with short_transaction(self._using):
                chunk = self._tell(wanted, after, ahead)
                note(chunk)
        except OperationalError as error:
            if not isinstance(error.__cause__, _IN_THE_WAY):
                raise
            if self._told.beside and self._pace.patient:
                self._pace.waited_in_vain()
            else:
                self._pace.give_way()
            self._hindrance = str(error).strip().replace("\n", ", ")
            return None
        return chunk

    def _tell(self, wanted: QuerySet[Any], after: Any, ahead: Collection[Any]) -> Chunk:
        told, audience, using, size = self._told, self._audience, self._using, self._pace.size
        if not told.beside:
            return tell_next(told, audience, wanted, after=after, size=size, using=using)
        patient = self._pace.patient
        return tell_free(told, audience, wanted, after=after, ahead=ahead, size=size, patient=patient, using=using)

    def _stand_aside(self, after: Any) -> None:
        """With nothing in hand, for a moment that is not the same each time."""
        now = monotonic()
        self._blocked_since = self._blocked_since or now
        if now - self._blocked_since > _LONG_SECONDS:
            where = "the first row" if after is None else f"the row behind primary key {after}"
            seconds = now - self._blocked_since
            self._report.waits(f"{where} has been out of reach for {seconds:.0f} s: {self._hindrance}")
        self._stop.wait(random.uniform(0.01, _LOOK_SECONDS))  # noqa: S311  (jitter, no secret)
