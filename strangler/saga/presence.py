"""How many workers there are. Each holds a shared lock as long as its session lasts: who was killed is gone."""

from __future__ import annotations

from django.db import connections

from strangler.saga.databases import database

_HOLD = "SELECT pg_advisory_lock_shared(hashtextextended('strangler.saga.worker', 0))"
_COUNT = """
    SELECT count(DISTINCT pid) FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND objsubid = 1
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (classid::bigint << 32) | objid::bigint = hashtextextended('strangler.saga.worker', 0)
"""


def be_counted(using: str) -> None:
    """Until this session ends."""
    with connections[using].cursor() as cursor:
        cursor.execute(_HOLD)


def workers() -> int:
    """How many `manage.py saga work` there are at this moment, for a gate or a probe."""
    with connections[database()].cursor() as cursor:
        cursor.execute(_COUNT)
        (count,) = cursor.fetchone()
    return int(count)
