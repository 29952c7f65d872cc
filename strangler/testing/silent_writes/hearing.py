"""Everything that goes from Django to a database in this process, in any thread, told to whoever listens.

Statements come by Django's `execute_wrappers`, which a connection gets when it is made: a thread's connection too. What
does not come by them is listened to where it happens: the end of an `atomic()` block, `cursor.copy()`, and the
savepoints of the kit's own consumer.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType
from typing import Any, NamedTuple, Protocol

import psycopg
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.transaction import Atomic, get_connection

from strangler.inbox.savepoints import Savepoints


class Statement(NamedTuple):
    """One that has been executed. `rows` is the cursor's count of them; `frame` is where it came from."""

    sql: str
    params: Any = None
    many: bool = False
    rows: int = -1
    frame: FrameType | None = None


class Listener(Protocol):
    def statement(self, connection: BaseDatabaseWrapper, heard: Statement) -> None: ...

    def block_ends(self, connection: BaseDatabaseWrapper, depth: int, *, kept: bool) -> None:
        """The block at `depth` has been left: committed or released, or rolled back."""
        ...


class Hearing:
    """`install()` once for a process; then what happens is told to `listener`, while there is one."""

    def __init__(self) -> None:
        self.listener: Listener | None = None

    @contextmanager
    def installed(self) -> Iterator[None]:
        exits, copies, sends = Atomic.__exit__, psycopg.Cursor.copy, Savepoints._send
        Atomic.__exit__ = self._listening_exit(exits)  # type: ignore[method-assign]
        psycopg.Cursor.copy = self._listening_copy(copies)  # type: ignore[method-assign, assignment]
        Savepoints._send = self._listening_send(sends)  # type: ignore[method-assign]
        connection_created.connect(self._created, dispatch_uid="strangler.testing.silent_writes")
        for connection in connections.all(initialized_only=True):
            self._created(connection=connection)
        try:
            yield
        finally:
            connection_created.disconnect(dispatch_uid="strangler.testing.silent_writes")
            for connection in connections.all(initialized_only=True):
                if self._executed in connection.execute_wrappers:
                    connection.execute_wrappers.remove(self._executed)
            Atomic.__exit__ = exits  # type: ignore[method-assign]
            psycopg.Cursor.copy = copies  # type: ignore[method-assign]
            Savepoints._send = sends  # type: ignore[method-assign]

    def _created(self, *, connection: BaseDatabaseWrapper, **_: object) -> None:
        """First in the list: `execute_wrapper()` takes the last one away at its end, whosever that is."""
        if self._executed not in connection.execute_wrappers:
            connection.execute_wrappers.insert(0, self._executed)

    def _executed(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if self.listener is not None:
            connection, cursor = context["connection"], context["cursor"]
            text, rows = _text(sql, connection), cursor.rowcount
            self.listener.statement(connection, Statement(text, params, many, rows, sys._getframe(1)))
        return result

    def _listening_exit(self, leave: Callable[..., None]) -> Callable[..., None]:
        def listening(block: Atomic, exc_type: Any, exc_value: Any, traceback: Any) -> None:
            connection = get_connection(block.using)
            depth = len(connection.atomic_blocks)
            kept = exc_type is None and not (connection.needs_rollback or connection.closed_in_transaction)
            try:
                leave(block, exc_type, exc_value, traceback)
            except BaseException:
                kept = False
                raise
            finally:
                if self.listener is not None:
                    self.listener.block_ends(connection, depth, kept=kept)

        return listening

    def _listening_copy(
        self, copy: Callable[..., AbstractContextManager[psycopg.Copy]]
    ) -> Callable[..., AbstractContextManager[psycopg.Copy]]:
        @contextmanager
        def listening(
            cursor: psycopg.Cursor[Any], statement: Any, *args: Any, **options: Any
        ) -> Iterator[psycopg.Copy]:
            with copy(cursor, statement, *args, **options) as copying:
                yield copying
            for connection in connections.all(initialized_only=True) if self.listener else ():
                if connection.connection is cursor.connection and self.listener is not None:
                    heard = Statement(_text(statement, connection), rows=cursor.rowcount, frame=sys._getframe(1))
                    self.listener.statement(connection, heard)

        return listening

    def _listening_send(self, send: Callable[..., None]) -> Callable[..., None]:
        def _send(savepoints: Savepoints, query: bytes) -> None:
            send(savepoints, query)
            if self.listener is not None:
                for sql in query.decode().split("; "):
                    self.listener.statement(connections[savepoints._connection.alias], Statement(sql))

        return _send


def _text(sql: Any, connection: BaseDatabaseWrapper) -> str:
    """A statement may be text, bytes or composed by psycopg.sql."""
    if isinstance(sql, bytes):
        return sql.decode(errors="replace")
    return sql if isinstance(sql, str) else str(sql.as_string(connection.connection))
