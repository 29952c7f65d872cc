"""One consumer of a queue at a time, the others stand by: that is what keeps order per key through crashes.

PGMQ's visibility timeout does not: after a crash, later messages of a key are visible before the earlier ones that the
dead consumer had taken. So whoever holds an advisory lock reads, in the order of the ids, and nobody else does: there
is nothing to hide from anybody. The lock lives as long as its session, so a consumer that lost its connection can
acknowledge nothing, and its successor begins with whatever is still there.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from psycopg import sql

from strangler.brokers.base import Delivery
from strangler.brokers.closing import ClosingBase
from strangler.brokers.pgmq.session import Connection, Database

STANDBY_INTERVAL = 0.5
POLL_INTERVAL = 1.0
"""Seconds between looks at the whole queue, which find what was put in with plain SQL."""
MAX_SHARE_OF_LOOKS = 0.05

_LOCK = "SELECT pg_try_advisory_lock(hashtextextended('strangler.pgmq.consume.' || %s, 0))"
# Reading on from the last id: while some old transaction keeps vacuum away, a search from the start steps over the
# remains of every message handled so far. pgmq.read() always does. Leaving `vt` alone makes the update cheap (HOT).
_READ = sql.SQL("""
UPDATE pgmq.{queue} SET read_ct = read_ct + 1, last_read_at = clock_timestamp()
WHERE msg_id = ANY (ARRAY(
    SELECT msg_id FROM pgmq.{queue} WHERE msg_id > %(after)s AND msg_id <> ALL (%(out)s::bigint[])
    ORDER BY msg_id LIMIT %(limit)s
))
RETURNING msg_id, read_ct, message #>> '{{}}'
""")


class PgmqSubscriber(ClosingBase):
    def __init__(self, database: Database, queue: str, prefetch: int) -> None:
        self._database = database
        self._queue = queue
        self._prefetch = prefetch
        self._connection: Connection | None = None
        self._active = False
        self._read_statement = _READ.format(queue=sql.Identifier(f"q_{queue}"))
        self._out: set[int] = set()
        self._last = 0
        self._next_look = 0.0

    def receive(self, timeout: float) -> Sequence[Delivery]:
        until = time.monotonic() + timeout
        with self._broken_means_void() as connection:
            while True:
                if self._active or self._take_over(connection):
                    deliveries = self._take(connection)
                    if deliveries:
                        return deliveries
                left = until - time.monotonic()
                if left <= 0:
                    return []
                self._wait(connection, left)

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        """One statement. Deliveries of a broken connection are void: they are left alone and come again."""
        done = [msg_id for session, msg_id in (d.tag for d in deliveries) if session is self._connection]
        if not done:
            return
        with self._broken_means_void() as connection:
            connection.execute("SELECT FROM pgmq.delete(%s, %s::bigint[])", [self._queue, done])
            self._out.difference_update(done)

    def close(self) -> None:
        """Ends the session, and with it the lock: a stand-by takes over."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        self._active = False
        self._out.clear()

    @contextmanager
    def _broken_means_void(self) -> Iterator[Connection]:
        try:
            if self._connection is None:
                self._connection = self._listening()
            with self._database.translated_errors():
                yield self._connection
        except BaseException:  # an interrupted read too: what it took would stay invisible
            self.close()
            raise

    def _listening(self) -> Connection:
        connection = self._database.open()
        with self._database.translated_errors():
            connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(f"pgmq.q_{self._queue}.INSERT")))
        return connection

    def _take_over(self, connection: Connection) -> bool:
        (locked,) = connection.execute(_LOCK, [self._queue]).fetchall()[0]
        if locked:
            self._active, self._last, self._next_look = True, 0, 0.0
        return self._active

    def _take(self, connection: Connection) -> list[Delivery]:
        started = time.monotonic()
        if len(self._out) >= self._prefetch:
            return []
        if started < self._next_look:
            return self._read(connection, self._last, [])
        deliveries = self._read(connection, 0, list(self._out))
        took = time.monotonic() - started
        self._next_look = started + max(POLL_INTERVAL, took / MAX_SHARE_OF_LOOKS)
        return deliveries

    def _read(self, connection: Connection, after: int, out: list[int]) -> list[Delivery]:
        limit = self._prefetch - len(self._out)
        rows = connection.execute(self._read_statement, {"after": after, "out": out, "limit": limit}).fetchall()
        rows.sort()
        self._out.update(msg_id for msg_id, _, _ in rows)
        self._last = max([self._last, *(msg_id for msg_id, _, _ in rows)])
        return [Delivery(body.encode(), read_ct > 1, (connection, msg_id)) for msg_id, read_ct, body in rows]

    def _wait(self, connection: Connection, left: float) -> None:
        interval = POLL_INTERVAL if self._active else STANDBY_INTERVAL
        for _ in connection.notifies(timeout=min(left, interval), stop_after=1):
            pass
