"""From where it was to the end, through outages, until somebody stops it."""

from __future__ import annotations

from threading import Event
from typing import Any, Protocol

from django.db import connections, reset_queries

from strangler.conf import settings
from strangler.cutover.backfilling import runs
from strangler.cutover.backfilling.audience import Audience
from strangler.cutover.backfilling.chunk import Chunk
from strangler.cutover.backfilling.declaring import Backfill
from strangler.cutover.backfilling.pace import Pace
from strangler.cutover.backfilling.teller import Report, Teller
from strangler.cutover.models import BackfillRun
from strangler.outages import survive_outages


class Progress(Report, Protocol):
    def moved(self, run: BackfillRun) -> None:
        """Called at the start, and after each chunk."""
        ...


class Running:
    """One backfill for one group. `rate` is in rows per second, 0 for as fast as the outbox empties.

    `state` is how far it has come; None before it has begun.
    """

    def __init__(
        self, told: Backfill[Any], audience: Audience, *, rate: int, restart: bool, stop: Event, progress: Progress
    ) -> None:
        self._told = told
        self._group = audience.group
        self._using = runs.database_of(told)
        self._restart = restart
        self._stop = stop
        self._progress = progress
        self.state: BackfillRun | None = None
        self._teller = Teller(told, audience, using=self._using, pace=Pace(rate), stop=stop, report=progress)

    def run(self) -> None:
        """Until everything is told or `stop` is set. A database that is away is waited for, longer each time.

        Raises `BackfillError`, and whatever the function of the backfill raises.
        """
        survive_outages(self._work, stop=self._stop, backoff_max=settings.relay_backoff_max)

    def _work(self) -> None:
        connections[self._using].close_if_unusable_or_obsolete()
        with runs.alone(self._group, self._told.name, using=self._using, stop=self._stop) as held:
            if not held:
                return
            run = self.state = runs.begun(self._told, self._group, restart=self._restart, using=self._using)
            self._restart = False
            self._progress.moved(run)
            while run.finished_at is None and not self._stop.is_set():
                run = self.state = self._step(run)
                reset_queries()  # with DEBUG they would be kept, with all they held

    def _step(self, run: BackfillRun) -> BackfillRun:
        wanted, after, ahead = runs.remaining(self._told, run, using=self._using)
        noted = [run]

        def note(chunk: Chunk) -> None:
            noted.append(runs.moved(run, chunk, using=self._using))

        if self._teller.next(wanted, after, ahead, note) is None:
            return run
        self._progress.moved(noted[-1])
        return noted[-1]
