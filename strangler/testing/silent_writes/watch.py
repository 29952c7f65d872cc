"""Takes down the writes to declared models and the events of each unit of work, and judges it when it is over.

A unit of work is the outermost `atomic()` block of the code under test: the one that a TestCase or pytest-django puts
round the test does not count. A write with no block round it is a unit of its own.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import takewhile
from typing import Any
from weakref import WeakKeyDictionary

from django.db.backends.base.base import BaseDatabaseWrapper

from strangler.cutover.silent_writes.declared import Declared
from strangler.outbox.models import OutboxMessage
from strangler.testing.silent_writes.hearing import Statement
from strangler.testing.silent_writes.journal import Journal, Publication, Silent, Write, silent_of
from strangler.testing.silent_writes.places import Places
from strangler.testing.silent_writes.statements import writes_of

_OUTBOX = OutboxMessage._meta.db_table
_COLUMNS = re.compile(rf'\bINSERT\s+INTO\s+(?:"?\w+"?\.)?"?{_OUTBOX}"?\s*\(([^)]*)\)\s*VALUES\b', re.IGNORECASE)
_SAVEPOINT = re.compile(r"\s*(?P<back>ROLLBACK\s+TO\s+)?SAVEPOINT\s+(?P<name>\S+)", re.IGNORECASE)

allowed: ContextVar[bool] = ContextVar("silent writes are allowed", default=False)


class Watch:
    """Of one test. Hears of all connections of all threads."""

    def __init__(self, declared: Sequence[Declared], places: Places) -> None:
        self.silent: list[Silent] = []
        self._declared = {each.table: each for each in declared}
        self._words = [_OUTBOX, *(table.lower() for table in self._declared)]
        self._places = places
        self._journals: WeakKeyDictionary[BaseDatabaseWrapper, Journal] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def statement(self, connection: BaseDatabaseWrapper, heard: Statement) -> None:
        if savepoint := _SAVEPOINT.match(heard.sql):
            with self._journal(connection) as journal:
                note = journal.rolled_back_to if savepoint["back"] else journal.savepoint
                note(savepoint["name"].strip('";'))
            return
        text = heard.sql.lower()
        if not any(word in text for word in self._words):
            return
        depth, base = len(connection.atomic_blocks), _blocks_of_the_test(connection)
        entries = list(self._entries(heard, outside=depth <= base))
        if not entries:
            return
        with self._journal(connection) as journal:
            if depth <= base and (connection.in_atomic_block or connection.get_autocommit()):
                self.silent += silent_of(entries)  # and not of the transaction whose on_commit() hook this may be
                return
            for entry in entries:
                journal.note(entry, depth=depth)

    def block_ends(self, connection: BaseDatabaseWrapper, depth: int, *, kept: bool) -> None:
        with self._journal(connection) as journal:
            if not kept:
                journal.block_undone(depth)
            elif depth - 1 > _blocks_of_the_test(connection):
                journal.block_kept(depth)
            else:
                self.silent += journal.close()

    def finish(self) -> list[Silent]:
        """Transactions without `atomic()` are judged here: when they end, nobody tells."""
        with self._lock:
            for journal in self._journals.values():
                self.silent += journal.close()
        return self.silent

    @contextmanager
    def _journal(self, connection: BaseDatabaseWrapper) -> Iterator[Journal]:
        with self._lock:
            yield self._journals.setdefault(connection, Journal())

    def _entries(self, heard: Statement, *, outside: bool) -> Iterator[Write | Publication]:
        for verb, table, alone in writes_of(heard.sql):
            rows = heard.rows if alone and not heard.many and heard.rows >= 0 else None
            if table == _OUTBOX and verb in {"INSERT", "COPY"}:
                yield _publication(heard)
            elif table in self._declared and rows != 0 and not allowed.get():
                place = self._places.behind(heard.frame)
                if place is not None:
                    yield Write(self._declared[table], verb, rows, place, outside)


def _blocks_of_the_test(connection: BaseDatabaseWrapper) -> int:
    blocks: Sequence[Any] = connection.atomic_blocks
    return len(list(takewhile(lambda block: block._from_testcase, blocks)))


def _publication(heard: Statement) -> Publication:
    """Of publish(): one parameter for each column of each row."""
    columns = _COLUMNS.search(heard.sql)
    names = [name.strip(' "') for name in columns[1].split(",")] if columns else []
    if not {"aggregate_type", "aggregate_id"} <= set(names) or heard.many or not isinstance(heard.params, list | tuple):
        return Publication(None)
    width, kind, id = len(names), names.index("aggregate_type"), names.index("aggregate_id")
    if len(heard.params) % width:
        return Publication(None)
    rows = (heard.params[start : start + width] for start in range(0, len(heard.params), width))
    return Publication([(str(row[kind]), str(row[id])) for row in rows])
