"""After a dump was restored into another database server: transaction ids there have not come as far.

What is restored would wait for ids that come in months, and what is appended now would stand before it. So the ids of
what was restored are all made lower by one number, and those of the checkpoints with them: no order changes.
"""

from __future__ import annotations

from django.db import connections, transaction

from strangler.errors import EventStoreError
from strangler.eventstore.models import FIRST

_AHEAD = """
    SELECT max(e.transaction_id) FROM unnest(%(categories)s::text[]) AS c(category) CROSS JOIN LATERAL (
        SELECT e.transaction_id FROM strangler_stream_event e
        WHERE e.category = c.category AND e.transaction_id >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint
            AND e.transaction_id IS DISTINCT FROM pg_current_xact_id_if_assigned()::text::bigint
        ORDER BY e.transaction_id DESC LIMIT 1) e
"""

# What was appended since the restore has higher positions.
_RESTORED = """
    SELECT max(position), max(transaction_id) + 1 FROM strangler_stream_event
    WHERE transaction_id >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint
"""
_TRIGGER = "ALTER TABLE strangler_stream_event {} TRIGGER strangler_stream_append_only"
_LOWER = "UPDATE strangler_stream_event SET transaction_id = transaction_id - %(by)s WHERE position <= %(last)s"
_LOWER_CHECKPOINTS = """
    UPDATE strangler_projection SET transaction_id = transaction_id - %(by)s WHERE transaction_id > %(first)s
"""


def require_ids_of_this_server(categories: list[str], *, using: str) -> None:
    """Raises `EventStoreError` where events have transaction ids that this server has not come to yet."""
    with connections[using].cursor() as cursor:
        cursor.execute(_AHEAD, {"categories": categories})
        (ahead,) = cursor.fetchone()
    if ahead is not None:
        raise EventStoreError(
            f"events were recorded by transaction {ahead}, which this database server has not come to: they are of "
            "another one. If this is a restored dump: stop whoever appends, then run `manage.py project --restored`"
        )


def take_over(*, using: str) -> int:
    """Returns how many events were restored. Nobody can append meanwhile; needs the owner of the table."""
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute("LOCK TABLE strangler_projection, strangler_stream_event IN ACCESS EXCLUSIVE MODE")
        cursor.execute(_RESTORED)
        last, by = cursor.fetchone()
        if last is None:
            return 0
        cursor.execute(_TRIGGER.format("DISABLE"))
        cursor.execute(_LOWER, {"by": by, "last": last})
        count: int = cursor.rowcount
        cursor.execute(_LOWER_CHECKPOINTS, {"by": by, "first": FIRST})
        cursor.execute(_TRIGGER.format("ENABLE"))
    return count
