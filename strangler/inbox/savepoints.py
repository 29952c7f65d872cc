"""A savepoint round each message of a batch, at the price of one short round trip a message.

`transaction.atomic()` sends SAVEPOINT and RELEASE as statements of their own, each through a new cursor: for a handler
with one UPDATE that is two thirds of all round trips. Here the release of one message and the savepoint of the next go
as one query, straight through libpq. What Django knows of a savepoint is kept as `atomic()` keeps it: hooks of
`on_commit` registered under it are dropped with it, `set_rollback(True)` undoes it.
"""

from __future__ import annotations

from collections.abc import Callable

import psycopg
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus

from strangler.errors import ConnectionClosedByHandler

_SET = b"SAVEPOINT strangler_message"
_NEXT = b"RELEASE SAVEPOINT strangler_message; SAVEPOINT strangler_message"
_UNDO = b"ROLLBACK TO SAVEPOINT strangler_message"


class Savepoints:
    """Of one transaction. One is always open between two messages; the commit of the transaction releases the last."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self._connection = connection
        self._count = 0

    def run(self, work: Callable[[], None]) -> None:
        """Raises whatever `work` raises once its writes are undone; the transaction goes on.

        Raises `ConnectionClosedByHandler` where there is no transaction any more, and Django's `OperationalError`
        where the database is away: then nothing of the batch is decided.
        """
        if not self._count:
            self._send(_SET)
        self._count += 1
        name = f"strangler_message_{self._count}"
        self._connection.savepoint_ids.append(name)
        try:
            work()
            self._keep_or_undo(name)
        except BaseException:
            self._undo(name)
            raise
        finally:
            self._connection.savepoint_ids.pop()

    def _keep_or_undo(self, name: str) -> None:
        if self._connection.needs_rollback:
            self._undo(name)
        else:
            self._send(_NEXT)  # fails where `work` swallowed an error of the database

    def _undo(self, name: str) -> None:
        connection = self._connection
        if connection.closed_in_transaction:
            raise ConnectionClosedByHandler(
                "the handler closed the database connection, and with it the transaction it ran in: take "
                "connection.close() out of it"
            )
        connection.needs_rollback = False
        connection.run_on_commit = [hook for hook in connection.run_on_commit if name not in hook[0]]
        self._send(_UNDO)

    def _send(self, query: bytes) -> None:
        """In a batch of many, cursors alone would cost more than all the rest."""
        with self._connection.wrap_database_errors:
            libpq = self._connection.connection.pgconn
            result = libpq.exec_(query)
            if libpq.status == ConnStatus.BAD:
                raise psycopg.OperationalError(libpq.get_error_message())
            if result.status != ExecStatus.COMMAND_OK:
                raise error_from_result(result)
