"""Events of all streams, from where one is, in an order in which none can turn up behind one's back.

A position is taken when an event is written, not when it is committed: "position > last" skips whoever took an earlier
one and commits later. So each row has the id of its transaction, and a reader takes those of transactions before the
oldest that is still open (`pg_snapshot_xmin`): each of these has ended, and no other will ever have such an id. The
order is transaction, then position. Of one stream it is the order of versions, since `appending` never gives an event
a lower id than the one before it has.

See Oskar Dudycz, "How Postgres sequences issues can impact your messaging guarantees",
<https://event-driven.io/en/ordering_in_postgres_outbox/>.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.db import connections, transaction

from strangler.eventstore.opening import COLUMNS, Row


class Place(NamedTuple):
    """In the order of all events."""

    transaction_id: int
    position: int


# The first few of each category by the index, and of these the first.
_READ = f"""
    SELECT {COLUMNS} FROM unnest(%(categories)s::text[]) AS c(category)
    CROSS JOIN LATERAL (
        SELECT * FROM strangler_stream_event e
        WHERE e.category = c.category
            AND (e.transaction_id, e.position) > (%(transaction_id)s, %(position)s)
            AND e.transaction_id < coalesce(%(before)s, pg_snapshot_xmin(pg_current_snapshot())::text::bigint)
        ORDER BY e.transaction_id, e.position LIMIT %(size)s) e
    ORDER BY e.transaction_id, e.position LIMIT %(size)s
"""  # noqa: S608  (constants)


# The planner counts on what it knew when it last counted, and would sort all that is to be read for each batch of it.
_PIN_PLANS = "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off"


def read(categories: Sequence[str], after: Place, *, size: int, using: str, before: int | None = None) -> list[Row]:
    """`before`: a transaction, instead of the oldest open one; only for where nobody else writes."""
    asked = {"categories": list(categories), **after._asdict(), "size": size, "before": before}
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute(_PIN_PLANS)
        cursor.execute(_READ, asked)
        rows = [Row(*row) for row in cursor.fetchall()]
        transaction.set_rollback(True, using=using)  # what is pinned is pinned for nobody else
    return rows


_WITH_NEWS = """
    SELECT p.name FROM strangler_projection p
    WHERE p.name = ANY(%(names)s) AND EXISTS (
        SELECT 1 FROM unnest(p.streams) AS c(category) CROSS JOIN LATERAL (
            SELECT 1 FROM strangler_stream_event e
            WHERE e.category = c.category AND (e.transaction_id, e.position) > (p.transaction_id, p.position)
                AND e.transaction_id < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
            ORDER BY e.transaction_id, e.position LIMIT 1) e)
    ORDER BY p.name
"""


def with_news(names: Sequence[str], *, using: str) -> list[str]:
    """Projections that have something to read, by one statement that locks nothing."""
    with connections[using].cursor() as cursor:
        cursor.execute(_WITH_NEWS, {"names": list(names)})
        return [name for (name,) in cursor.fetchall()]
