"""What waits in the outbox, and for how long."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.backends.base.base import BaseDatabaseWrapper

from strangler.relay.doctor.finding import Finding, Severity

LONG_SECONDS = 60.0
_OLDEST = """
    SELECT extract(epoch FROM now() - created_at)::float FROM strangler_outbox
    WHERE relayed_at IS NULL ORDER BY position LIMIT 1
"""
_REFUSED = "SELECT count(*), max(last_error) FROM strangler_outbox WHERE relayed_at IS NULL AND retry_at IS NOT NULL"


def findings(connection: BaseDatabaseWrapper) -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute(_OLDEST)
        row = cursor.fetchone()
        cursor.execute(_REFUSED)
        refused, error = cursor.fetchone() or (0, None)
    yield _oldest(row[0]) if row else Finding("pending", Severity.OK, "nothing is pending in the outbox")
    if refused:
        what = f"{refused} events were refused or put off by a relay" + (f", for instance: {error}" if error else "")
        remedy = "let the broker take them; the relay tries again by itself"
        yield Finding("refused", Severity.WARNING, what, float(refused), "events", remedy)


def _oldest(age: float) -> Finding:
    what = f"the oldest pending event is {age:.0f} s old"
    if age <= LONG_SECONDS:
        return Finding("pending", Severity.OK, what, age, "seconds")
    remedy = "does `manage.py relay` run? It carries, or writes down what Debezium has carried"
    return Finding("pending", Severity.WARNING, what, age, "seconds", remedy)
