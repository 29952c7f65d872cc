"""Counts requests for all processes together, without a cache server, in one statement of PostgreSQL per request.

Django's caches don't do: locmem counts per process, and the database cache reads, then writes, so that concurrent
requests are lost, and counts its whole table each time. The algorithm is GCRA (ITU-T I.371): one timestamp per client.
"""

from datetime import timedelta

from django.db import connection

from monolith.settings.env import Rate

_TAKE = """
    INSERT INTO throttling_meter AS meter (key, busy_until) VALUES (%(key)s, clock_timestamp() + %(each)s)
    ON CONFLICT (key) DO UPDATE SET busy_until = GREATEST(meter.busy_until, clock_timestamp()) + %(each)s
    WHERE meter.busy_until <= clock_timestamp() + %(window)s - %(each)s
"""
_WAIT = """
    SELECT extract(epoch FROM busy_until + %(each)s - %(window)s - clock_timestamp())
    FROM throttling_meter WHERE key = %(key)s
"""


def take(key: str, rate: Rate) -> float:
    """Counts one request of `key`. Returns 0, or when it is over its rate how many seconds it should wait.

    A client that was quiet may send `rate.count` at once, and after that as many in `rate.seconds`, evenly.
    """
    window = timedelta(seconds=rate.seconds)
    parameters = {"key": key, "each": window / rate.count, "window": window}
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, parameters)
        if cursor.rowcount == 1:
            return 0
        cursor.execute(_WAIT, parameters)
        row = cursor.fetchone()
    return max(float(row[0]), 0.001) if row else 0


def prune() -> int:
    """Forgets who is not ahead of any rate; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM throttling_meter WHERE busy_until < clock_timestamp()")
        return cursor.rowcount
