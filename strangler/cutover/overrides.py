"""The stages in the database, as this process knows them: read anew once they are `STAGE_MAX_AGE` seconds old.

The bound: whoever first asks in a transaction `STAGE_MAX_AGE` seconds after a change was committed, or later, goes by
the change. A read counts from the moment before it began, so it cannot miss what was committed by then.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import NamedTuple

import structlog
from django.db import Error, connections, router, transaction

from strangler.conf import Stage, StageSetting, StagesInForce, settings
from strangler.cutover.models import StageChange
from strangler.errors import StagesUnknown

log = structlog.get_logger(__name__)

# With a snapshot of its own, a transaction sees the table as it was when the transaction began, at the earliest.
_READ = """
    SELECT CASE WHEN current_setting('transaction_isolation') IN ('repeatable read', 'serializable')
                THEN extract(epoch FROM clock_timestamp() - transaction_timestamp())::float8 ELSE 0 END,
           latest.*
    FROM (SELECT 1) AS always LEFT JOIN (
        SELECT DISTINCT ON (context) context, to_stage, to_percent FROM strangler_stage_change
        WHERE source = 'database' ORDER BY context, id DESC
    ) AS latest ON true
"""


class Overrides(NamedTuple):
    """`age` is how many seconds ago, at most, this was so."""

    by_context: dict[str, StageSetting]
    age: float = 0.0


def read_overrides() -> Overrides:
    """From the database that is written, since a replica is late. Raises django.db.Error."""
    using = router.db_for_write(StageChange)
    # A statement that fails would take the transaction at hand with it.
    savepoint = transaction.atomic(using=using) if connections[using].in_atomic_block else nullcontext()
    with savepoint, connections[using].cursor() as cursor:
        cursor.execute(_READ)
        rows = cursor.fetchall()
    found = {context: StageSetting(stage=Stage(stage), percent=percent) for _, context, stage, percent in rows if stage}
    return Overrides(found, rows[0][0])


@dataclass(frozen=True, slots=True)
class _Known:
    stages: StagesInForce
    read_at: float
    asked_at: float


class DatabaseStages:
    """Any number of threads: two that ask at once both read, and either answer is young enough."""

    def __init__(
        self, read: Callable[[], Overrides] = read_overrides, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._read = read
        self._clock = clock
        self._known: _Known | None = None

    def latest(self) -> StagesInForce:
        """Overrides before settings. Raises `StagesUnknown` where the database cannot be read and never was.

        Where it was, what is known stays in force, the error is logged, and the next attempt is a `STAGE_MAX_AGE` away.
        """
        known, now = self._known, self._clock()
        if known is not None and now - known.asked_at < settings.stage_max_age:
            return known.stages
        try:
            found = self._read()
        except Error as error:
            known = _still(known, now, error)
        else:
            began = now - found.age
            known = _Known(StagesInForce({**settings.stages, **found.by_context}), began, began)
        self._known = known
        return known.stages

    def forget(self, **_: object) -> None:
        """The next question reads the database: after a change of this process's own, and between tests."""
        self._known = None


def _still(known: _Known | None, now: float, error: Error) -> _Known:
    said = str(error).strip().partition("\n")[0]
    if known is None:
        raise StagesUnknown(
            f"the stages in the database cannot be read, and this process never has: {said}. Mend the database, or run "
            '`manage.py migrate` where the table is missing; STRANGLER["STAGE_SOURCE"] = "settings" does without it'
        ) from error
    log.error("stages_not_read", error=said, known_for=round(now - known.read_at, 3))
    return replace(known, asked_at=now)


database_stages = DatabaseStages()
