"""How an idle relay learns of a commit within milliseconds, while writers tell nobody who is at work anyway.

Transactions that NOTIFY commit one after the other in the whole server, each with its write to disk: they should only
where somebody sleeps. A relay about to sleep asks for an exclusive advisory lock. The outbox's trigger tries for a
share of it, which it keeps until the commit, and notifies only where it gets none: from the moment of the asking on.
The lock is granted once all who had a share have committed; that, too, ends the sleep. So no commit is slept through.
"""

from __future__ import annotations

from selectors import EVENT_READ, DefaultSelector
from types import TracebackType
from typing import Any, Self

import psycopg
from django.db import connections
from psycopg.pq import ExecStatus

from strangler.outbox.migration_sql import CHANNEL, SLEEP_LOCK

FIRST_PAUSE = 0.002
_SETTINGS = "SELECT set_config('statement_timeout', '0', false), set_config('lock_timeout', '0', false)"


class Wakeup:
    """Two connections of its own: direct ones, not through a pooler in transaction mode. Times are seconds."""

    def __init__(self, using: str) -> None:
        parameters = connections[using].get_connection_params()
        known = {name: value for name, value in parameters.items() if name in _CONNINFO}
        self._listener = psycopg.connect(**known, autocommit=True)
        try:
            self._lock = _SleepLock(psycopg.connect(**known, autocommit=True))
            self._listener.execute(f"LISTEN {CHANNEL}")
        except BaseException:
            self._listener.close()
            raise
        self._pause = FIRST_PAUSE

    def wait(self, timeout: float) -> None:
        """Return when something may have been committed, or after `timeout`. Raises psycopg.OperationalError.

        While somebody's long transaction withholds the lock, short ones of before may commit unheard: then this returns
        by itself, after pauses that double.
        """
        if self._lock.ask():
            self._pause = FIRST_PAUSE
        if not self._lock.granted:
            timeout = min(timeout, self._pause)
            self._pause *= 2
        with DefaultSelector() as selector:
            selector.register(self._listener, EVENT_READ)
            if not self._lock.granted:
                selector.register(self._lock, EVENT_READ)
            selector.select(timeout)
        self._lock.look()
        for _ in self._listener.notifies(timeout=0):
            pass

    def awake(self) -> None:
        """There is work: nobody needs to tell."""
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()
        self._lock.close()


class _SleepLock:
    """Never waits: what is asked for may be granted at any time later."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._asked = False
        self.granted = False
        connection.execute(_SETTINGS)

    def fileno(self) -> int:
        return self._connection.fileno()

    def ask(self) -> bool:
        """False when it was asked for before."""
        if self._asked:
            return False
        self._finish()
        self._send("pg_advisory_lock")
        self._asked = True
        return True

    def look(self) -> None:
        """Raises psycopg.OperationalError when the connection broke."""
        if self._asked and not self.granted:
            self._connection.pgconn.consume_input()
            if not self._connection.pgconn.is_busy():
                self._finish()
                self.granted = True

    def release(self) -> None:
        """What was not granted yet stays asked for: writers go on telling, which does no harm for a while."""
        self.look()
        if self.granted:
            self._send("pg_advisory_unlock")
            self._asked = self.granted = False

    def close(self) -> None:
        self._connection.close()

    def _send(self, function: str) -> None:
        self._connection.pgconn.send_query(f"SELECT {function}({SLEEP_LOCK})".encode())
        while self._connection.pgconn.flush():
            pass

    def _finish(self) -> None:
        """Take the answers there are, or are about to be."""
        while (result := self._connection.pgconn.get_result()) is not None:
            if result.status != ExecStatus.TUPLES_OK:
                raise psycopg.OperationalError(result.get_error_message())


_CONNINFO = {option.keyword.decode() for option in psycopg.pq.Conninfo.get_defaults()}
