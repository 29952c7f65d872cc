"""Claim, publish, confirm, settle: `python -m benchmarks.bare.relay` until it is killed.

`BATCH` was tuned: from 200 upwards the rate rises little, from 2 000 upwards not at all.
"""

from __future__ import annotations

import os

import psycopg

from benchmarks.bare.confirms import Confirms

BATCH = 1000
CHANNEL = "bare_outbox"
ROUTING_KEY = "bench.stock_moved"
_CLAIM = """
    SELECT id, payload FROM bare_outbox WHERE relayed_at IS NULL ORDER BY position LIMIT %s FOR UPDATE SKIP LOCKED
"""
_SETTLE = "UPDATE bare_outbox SET relayed_at = clock_timestamp() WHERE id = ANY(%s)"


def relay_batch(connection: psycopg.Connection, publisher: Confirms, batch: int = BATCH) -> int:
    """Returns how many were carried."""
    with connection.transaction(), connection.cursor(binary=True) as cursor:
        rows = cursor.execute(_CLAIM, [batch]).fetchall()
        if rows:
            publisher.publish((payload.encode() for _, payload in rows), ROUTING_KEY)
            cursor.execute(_SETTLE, [[id for id, _ in rows]])
    return len(rows)


def main() -> None:
    publisher = Confirms(os.environ["BROKER_URL"], os.environ["EXCHANGE"])
    batch = int(os.environ.get("BARE_BATCH", BATCH))
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        for kind in ("seqscan", "bitmapscan", "sort"):  # the statistics of a queue are stale
            connection.execute(f"SET enable_{kind} = off")
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as wakeup:
            wakeup.execute(f"LISTEN {CHANNEL}")
            while True:
                if not relay_batch(connection, publisher, batch):
                    list(wakeup.notifies(timeout=1, stop_after=1))


if __name__ == "__main__":
    main()
