"""How far projections have come, and what keeps them: for the command and the admin."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connections
from django.db.models import DateTimeField, IntegerField, QuerySet
from django.db.models.expressions import RawSQL

from strangler.eventstore.models import Checkpoint

MOST = 100_000
"""More than that nobody counts."""

_MORE = """
    FROM unnest(strangler_projection.streams) AS c(category) CROSS JOIN LATERAL (
        SELECT e.recorded_at FROM strangler_stream_event e
        WHERE e.category = c.category
            AND (e.transaction_id, e.position) > (strangler_projection.transaction_id, strangler_projection.position)
        ORDER BY e.transaction_id, e.position LIMIT %s) e
"""
_BEHIND = f"(SELECT count(*) FROM (SELECT 1 {_MORE} LIMIT %s) AS more)"  # noqa: S608  (constants)
_OLDEST = f"(SELECT min(e.recorded_at) {_MORE})"

# The oldest open one, wherever in the server it writes: readers take what is of transactions before it.
_HOLDING_UP = """
    SELECT backend_xid::text, pid, coalesce(datname, ''), clock_timestamp() - xact_start, pid = pg_backend_pid()
    FROM pg_stat_activity WHERE backend_xid IS NOT NULL
        AND EXISTS (
            SELECT 1 FROM strangler_projection p CROSS JOIN unnest(p.streams) AS c(category) CROSS JOIN LATERAL (
                SELECT 1 FROM strangler_stream_event e
                WHERE e.category = c.category
                    AND e.transaction_id >= pg_snapshot_xmin(pg_current_snapshot())::text::bigint
                ORDER BY e.transaction_id, e.position LIMIT 1) e)
    ORDER BY age(backend_xid) DESC LIMIT 1
"""


def checkpoints(queryset: QuerySet[Checkpoint] | None = None) -> QuerySet[Checkpoint]:
    """With `behind`, how many events are recorded after it (`MOST`: or more), and `oldest`, when the first was."""
    chosen = Checkpoint.objects.all() if queryset is None else queryset
    return chosen.annotate(
        behind=RawSQL(_BEHIND, [MOST, MOST], output_field=IntegerField()),  # noqa: S611  (constants)
        oldest=RawSQL(_OLDEST, [1], output_field=DateTimeField()),  # noqa: S611
    )


def told(checkpoint: Any, *, now: datetime) -> str:
    """Of one of `checkpoints()`: `12,345 events, 3 behind, for 0.4 s`, and why it does not go on."""
    text = f"{checkpoint.handled:,} events"
    if checkpoint.behind:
        more = " or more" if checkpoint.behind >= MOST else ""
        text += f", {checkpoint.behind:,}{more} behind, for {lag(checkpoint, now=now):,.1f} s"
    return f"{text}; {checkpoint.error.partition(chr(10))[0]}" if checkpoint.error else text


def lag(checkpoint: Any, *, now: datetime) -> float:
    """Seconds since the first event that it has not been given was recorded; 0 where there is none."""
    return max(0.0, (now - checkpoint.oldest).total_seconds()) if checkpoint.oldest else 0.0


def held_up(using: str) -> str:
    """What keeps events that are recorded from being read yet; empty where nothing does."""
    with connections[using].cursor() as cursor:
        cursor.execute(_HOLDING_UP)
        found: tuple[Any, ...] | None = cursor.fetchone()
    if found is None:
        return ""
    transaction, pid, name, age, ours = found
    if ours:
        return (
            "recorded events are of the transaction that this runs in, which is open: nobody reads them before it has "
            "ended. In a test that is one transaction call strangler.testing.projections.project_now()"
        )
    seconds = max(timedelta(), age or timedelta()).total_seconds()
    return (
        f"recorded events wait for transaction {transaction} (process {pid} on database {name!r}, open for "
        f"{seconds:,.1f} s) to end: whoever reads on takes what is of transactions before the oldest open one"
    )
