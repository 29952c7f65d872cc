"""Which instances a worker may go on with: claims last for seconds, starts are counted, and the row lock decides.

A claim costs no write to disk: one that a crash of the database takes back was worth nothing. A start is committed
before anything is done, so that a step that takes the process with it is found out, and nobody else pays for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connections, transaction
from django.db.backends.utils import CursorWrapper

from strangler.conf import settings

LEASE = 5.0
"""Seconds. A worker that is slower than that with what it claimed leaves the rest to others."""

_LAZILY = "SET LOCAL synchronous_commit = off"

_CLAIM = """
    WITH due AS MATERIALIZED (
        SELECT id FROM strangler_saga WHERE due_at <= now() AND saga = ANY(%(names)s)
        ORDER BY due_at LIMIT %(size)s FOR UPDATE SKIP LOCKED)
    UPDATE strangler_saga SET due_at = clock_timestamp() + interval '1 second' * %(lease)s
    WHERE id IN (SELECT id FROM due)
    RETURNING id, due_at
"""

_START = """
    UPDATE strangler_saga SET
        attempts = attempts + 1,
        due_at = clock_timestamp()
            + interval '1 second' * least(%(backoff_max)s, %(backoff)s * 2 ^ least(attempts, 30))
    WHERE id = %(id)s AND due_at = %(due_at)s
    RETURNING id, due_at
"""

_GIVE_BACK = """
    UPDATE strangler_saga s SET due_at = now() FROM unnest(%s::bigint[], %s::timestamptz[]) AS claimed(id, due_at)
    WHERE s.id = claimed.id AND s.due_at = claimed.due_at
"""

_NEXT = """
    SELECT extract(epoch FROM due_at - clock_timestamp()) FROM strangler_saga
    WHERE due_at IS NOT NULL AND saga = ANY(%s) ORDER BY due_at LIMIT 1
"""


class Claim(NamedTuple):
    """Ours as long as `due_at` is what we made it: an answer, a person or a rival changes it."""

    id: int
    due_at: datetime


def claim(names: Sequence[str], size: int, *, using: str) -> list[Claim]:
    """Up to `size` instances that are due, the one that waits longest first. Waits for nobody."""
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute(_LAZILY)
        claimed = _rows(cursor, _CLAIM, {"names": list(names), "size": size, "lease": LEASE})
    return sorted(claimed, key=lambda one: one.due_at)


def begin(claimed: Claim, *, using: str) -> Claim | None:
    """Counts a start. None where it is not ours any more. Its new `due_at` is when others take us for dead."""
    policy = {"backoff": settings.consumer_backoff, "backoff_max": settings.consumer_backoff_max}
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute(_LAZILY)
        rows = _rows(cursor, _START, {**claimed._asdict(), **policy})
    return rows[0] if rows else None


def give_back(claims: Sequence[Claim], *, using: str) -> None:
    """What was not started, to whoever comes next."""
    with connections[using].cursor() as cursor:
        cursor.execute(_GIVE_BACK, [[one.id for one in claims], [one.due_at for one in claims]])


def next_due(names: Sequence[str], *, using: str) -> float | None:
    """Seconds until one is due, negative where it is already; None where nothing will be."""
    with connections[using].cursor() as cursor:
        cursor.execute(_NEXT, [list(names)])
        row = cursor.fetchone()
    return float(row[0]) if row else None


def _rows(cursor: CursorWrapper, statement: str, parameters: dict[str, Any]) -> list[Claim]:
    cursor.execute(statement, parameters)
    return [Claim(*row) for row in cursor.fetchall()]
