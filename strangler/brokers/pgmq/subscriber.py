"""One consumer of a queue at a time, the others stand by: that is what keeps order per key through crashes.

A visibility timeout alone does not: after a crash, later messages of a key are visible before the earlier ones that
the dead consumer had taken. So whoever holds an advisory lock reads, and a new holder first takes back what the
old one had in hand. The lock lives as long as its session: a consumer that lost its connection can acknowledge nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from psycopg import sql

from strangler.brokers.base import Delivery
from strangler.brokers.closing import ClosingBase
from strangler.brokers.pgmq.session import Connection, Database

VISIBILITY_TIMEOUT = 600.0
"""Seconds. Nobody but the holder of the lock reads, so this only has to be longer than a pause of the process."""
STANDBY_INTERVAL = 0.5
POLL_INTERVAL = 1.0
"""Seconds between looks at the queue when no notification comes (somebody may have inserted with plain SQL)."""

_LOCK = "SELECT pg_try_advisory_lock(hashtextextended('strangler.pgmq.consume.' || %s, 0))"
_TAKE_BACK = sql.SQL("UPDATE pgmq.{} SET vt = clock_timestamp() WHERE vt > clock_timestamp() AND read_ct > 0")
_READ = "SELECT msg_id, read_ct, message #>> '{}' FROM pgmq.read(%s, %s, %s)"


class PgmqSubscriber(ClosingBase):
    def __init__(self, database: Database, queue: str, prefetch: int) -> None:
        self._database = database
        self._queue = queue
        self._prefetch = prefetch
        self._connection: Connection | None = None
        self._active = False
        self._out: set[int] = set()
        self._visible_again = 0.0

    def receive(self, timeout: float) -> Sequence[Delivery]:
        until = time.monotonic() + timeout
        with self._broken_means_void() as connection:
            while True:
                if self._active or self._take_over(connection):
                    self._keep_invisible(connection)
                    deliveries = self._read(connection)
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
            connection.execute(_TAKE_BACK.format(sql.Identifier(f"q_{self._queue}")))
            self._active = True
        return self._active

    def _read(self, connection: Connection) -> list[Delivery]:
        free = self._prefetch - len(self._out)
        if free <= 0:
            return []
        if not self._out:
            self._visible_again = time.monotonic() + VISIBILITY_TIMEOUT
        rows = connection.execute(_READ, [self._queue, int(VISIBILITY_TIMEOUT), free]).fetchall()
        fresh = sorted((msg_id, read_ct, body) for msg_id, read_ct, body in rows if msg_id not in self._out)
        self._out.update(msg_id for msg_id, _, _ in fresh)
        return [Delivery(body.encode(), read_ct > 1, (connection, msg_id)) for msg_id, read_ct, body in fresh]

    def _keep_invisible(self, connection: Connection) -> None:
        """Extend all at once, when the oldest has used up half of its time."""
        if self._out and time.monotonic() > self._visible_again - VISIBILITY_TIMEOUT / 2:
            connection.execute(
                "SELECT FROM pgmq.set_vt(%s, %s::bigint[], %s)", [self._queue, list(self._out), int(VISIBILITY_TIMEOUT)]
            )
            self._visible_again = time.monotonic() + VISIBILITY_TIMEOUT

    def _wait(self, connection: Connection, left: float) -> None:
        interval = POLL_INTERVAL if self._active else STANDBY_INTERVAL
        for _ in connection.notifies(timeout=min(left, interval), stop_after=1):
            pass
