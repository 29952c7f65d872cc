"""What the gates ask of backfill, parity and shadow: the one place that knows where they keep it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from django.utils import timezone

from strangler.cutover.backfilling import backfill_state, is_complete
from strangler.cutover.models import ParityReport, ShadowTally
from strangler.cutover.parity import latest_parity
from strangler.cutover.parity.declared import parities


class Backfilled(NamedTuple):
    """What a group was told of its past, in rows; `expected` is None where nobody has begun.

    `is_old`: all of it, but by an older version than the code's.
    """

    complete: bool
    done: int = 0
    expected: int | None = None
    is_old: bool = False


class Compared(NamedTuple):
    """The latest comparison of a table with the service's copy. `age` is None where there never was one.

    `complete` is False where there were more differences than were looked for.
    """

    name: str
    rows: int = 0
    differences: int = 0
    age: timedelta | None = None
    complete: bool = True


def backfilled(group: str, name: str) -> Backfilled:
    run = backfill_state(group, name)
    if run is None:
        return Backfilled(False)
    complete = is_complete(group, name)
    return Backfilled(complete, run.done, run.expected, is_old=run.finished_at is not None and not complete)


def compared(context: str) -> list[Compared]:
    """Each that is declared for the context, by name."""
    now = timezone.now()
    reports = {report.name: report for report in latest_parity(context)}
    declared = sorted(name for where, name in parities if where == context)
    return [_compared(name, reports.get(name), now) for name in declared]


def _compared(name: str, report: ParityReport | None, now: datetime) -> Compared:
    if report is None:
        return Compared(name)
    return Compared(name, report.compared, report.mismatches, now - report.checked_at, report.complete)


def clean_runs(capabilities: Collection[str]) -> dict[str, int]:
    """Comparisons at `shadow` since the last mismatch; 0 where there was none yet."""
    tallies = ShadowTally.objects.filter(capability__in=capabilities).values_list("capability", "clean_run")
    return {**dict.fromkeys(capabilities, 0), **dict(tallies)}
