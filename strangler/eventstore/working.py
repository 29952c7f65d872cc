"""The worker: projections brought up to date, once or for as long as it runs."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from threading import Event
from time import monotonic

import structlog
from django.db import connections, reset_queries

from strangler.conf import settings
from strangler.errors import ProjectionFailed
from strangler.eventstore.projecting import Projection
from strangler.eventstore.projector import Projector
from strangler.eventstore.reading import with_news
from strangler.eventstore.standing import held_up
from strangler.outages import survive_outages

log = structlog.get_logger(__name__)
IDLE = 0.2
"""Seconds between two looks for news."""
LOOK = 60.0
"""Seconds between two looks for what keeps an idle worker waiting."""

Moved = Callable[[Projector], None]


def bring_up_to_date(projector: Projector, *, stop: Event, moved: Moved) -> None:
    """Until there is nothing to read, or `stop` is set. Waits for whoever else is at it. Raises `ProjectionFailed`."""
    projector.prepare()
    while not stop.is_set() and projector.step():
        moved(projector)
        reset_queries()  # with DEBUG they would be kept


class ProjectionWorker:
    """Any number may run at once. `stop` ends `run()` after the batch at hand."""

    def __init__(self, projections: Sequence[Projection], *, using: str, stop: Event) -> None:
        self._projectors = {projection.name: Projector(projection, using=using) for projection in projections}
        self._using = using
        self._stop = stop
        self._failures: dict[str, int] = {}
        self._again_at: dict[str, float] = {}
        self._look_at = monotonic() + LOOK

    def run(self) -> None:
        """A database that is away is waited for, longer each time; so is a projection that fails, and no other."""
        survive_outages(self._work, stop=self._stop, backoff_max=settings.consumer_backoff_max)

    def step(self) -> int:
        """A batch for each projection with news; returns how many events there were."""
        waiting = {name for name, moment in self._again_at.items() if moment > monotonic()}
        names = with_news(sorted(self._projectors.keys() - waiting), using=self._using)
        return sum(self._step(self._projectors[name]) for name in names if not self._stop.is_set())

    def _work(self) -> None:
        connections[self._using].close_if_unusable_or_obsolete()
        for projector in self._projectors.values():
            projector.prepare()
        log.info("projection_worker_started", projections=sorted(self._projectors))
        while not self._stop.is_set():
            if not self.step():
                self._rest()
            reset_queries()  # with DEBUG they would be kept

    def _rest(self) -> None:
        if monotonic() >= self._look_at:
            self._look_at = monotonic() + LOOK
            if reason := held_up(self._using):
                log.warning("projections_wait", reason=reason)
        self._stop.wait(IDLE)

    def _step(self, projector: Projector) -> int:
        try:
            count = projector.step(wait=False)
        except ProjectionFailed:
            failures = self._failures[projector.name] = self._failures.get(projector.name, 0) + 1
            longest = min(settings.consumer_backoff_max, settings.consumer_backoff * 2 ** min(failures, 30))
            self._again_at[projector.name] = monotonic() + random.uniform(0, longest)  # noqa: S311  (jitter)
            return 0
        self._failures.pop(projector.name, None)
        return count
