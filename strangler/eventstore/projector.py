"""Gives one projection its events: a batch, what the function wrote of it and the checkpoint are one transaction."""

from __future__ import annotations

import traceback
from typing import Any

import structlog
from django.db import connections, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from strangler.errors import EventStoreError, ProjectionFailed
from strangler.eventstore import counting
from strangler.eventstore.models import FIRST, Checkpoint, ClockTimestamp, StreamEvent
from strangler.eventstore.opening import Row, recorded
from strangler.eventstore.projecting import Projection
from strangler.eventstore.reading import Place, read
from strangler.eventstore.recorded import stream_name
from strangler.eventstore.registry import streams
from strangler.eventstore.restoring import require_ids_of_this_server
from strangler.outages import OUTAGES

log = structlog.get_logger(__name__)
BATCH = 500
MAX_ERROR = 10_000


class Projector:
    """Any number may be at work for one projection: the lock on its checkpoint's row lets in one at a time.

    `before` as in `reading.read()`.
    """

    def __init__(self, projection: Projection, *, using: str, before: int | None = None) -> None:
        self.projection = projection
        self.name = projection.name
        self._using = using
        self._before = before
        self._one_by_one = 0
        """So many events are given each alone: one of them cannot be handled."""

    def checkpoint(self) -> Checkpoint:
        """Made where there is none yet."""
        made, _ = self._known().get_or_create(name=self.name, defaults={"streams": self.projection.categories})
        return made

    def prepare(self) -> None:
        """Raises `EventStoreError` where what is recorded is of another database server, and as `step()` does."""
        require_ids_of_this_server(self.projection.categories, using=self._using)
        self._require_same_streams(self.checkpoint())

    def begin_anew(self) -> None:
        """Empties the projection; `step()` then gives it everything from the first event on, batch by batch."""
        require_ids_of_this_server(self.projection.categories, using=self._using)
        with transaction.atomic(using=self._using):
            self._known().select_for_update().get(pk=self.checkpoint().pk)
            try:
                self.projection.reset()
            except OUTAGES:
                raise
            except Exception as error:
                raise ProjectionFailed(f"reset of projection {self.name!r} failed: {error!r}") from error
            chosen = self.projection.categories
            there_are = StreamEvent.objects.using(self._using).filter(category__in=chosen).count()
            self._move(streams=chosen, expected=there_are, built_at=Now(), handled=0, transaction_id=FIRST, position=0)

    def step(self, *, wait: bool = True) -> int:
        """One batch; returns how many events there were. Where another process is at it and `wait` is False: 0.

        Raises `ProjectionFailed` for an event that the function, or the code that reads it, cannot handle: everything
        before it is handled, and nothing of it is. Raises `EventStoreError` where the projection was made of other
        streams than the code now says.
        """
        rows: list[Row] = []
        try:
            with transaction.atomic(using=self._using):
                checkpoint = self._lock(wait=wait)
                if checkpoint is not None:
                    rows += self._read(checkpoint)
                    self._give(rows)
        except Exception as error:
            if not rows or not connections[self._using].is_usable():
                raise
            if len(rows) == 1:
                raise self._refused(rows[0], error) from error
            self._one_by_one = len(rows)
            return self.step(wait=wait)
        self._one_by_one = max(0, self._one_by_one - len(rows))
        counting.projected.add(len(rows), {"projection": self.name})
        return len(rows)

    def _lock(self, *, wait: bool) -> Checkpoint | None:
        checkpoint = self._known().filter(name=self.name).select_for_update(skip_locked=not wait).first()
        if checkpoint is not None:
            self._require_same_streams(checkpoint)
        return checkpoint

    def _require_same_streams(self, checkpoint: Checkpoint) -> None:
        if checkpoint.streams != self.projection.categories:
            raise EventStoreError(
                f"projection {self.name!r} was made of {_listed(checkpoint.streams)}, and is declared with "
                f"{_listed(self.projection.categories)}: run `manage.py project {self.name} --rebuild`"
            )

    def _read(self, checkpoint: Checkpoint) -> list[Row]:
        after = Place(checkpoint.transaction_id, checkpoint.position)
        size = 1 if self._one_by_one else BATCH
        return read(checkpoint.streams, after, size=size, using=self._using, before=self._before)

    def _give(self, rows: list[Row]) -> None:
        if rows:
            self.projection.handle([recorded(row, streams.find(row.category)) for row in rows])
            last = rows[-1]
            self._move(transaction_id=last.transaction_id, position=last.position, handled=F("handled") + len(rows))

    def _refused(self, row: Row, error: Exception) -> ProjectionFailed:
        """Written down for people: the batch it was in is undone."""
        where = f"event {row.version} of stream {stream_name(row.category, row.key)} ({row.type})"
        failed = ProjectionFailed(f"projection {self.name!r} does not go on before {where}: {error!r}")
        text = f"{failed}\n\n{''.join(traceback.format_exception(error))}".replace("\x00", "\\x00")
        self._known().filter(name=self.name).update(error=text[:MAX_ERROR])
        counting.failures.add(1, {"projection": self.name})
        log.error("projection_failed", projection=self.name, before=where, error=repr(error))
        return failed

    def _move(self, **values: Any) -> None:
        self._known().filter(name=self.name).update(**values, moved_at=ClockTimestamp(), error="")

    def _known(self) -> QuerySet[Checkpoint]:
        return Checkpoint.objects.using(self._using)


def _listed(categories: list[str]) -> str:
    return ", ".join(categories) or "no streams"
