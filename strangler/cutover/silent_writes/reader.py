"""Reads the log of the declared models and of the outbox, transaction by transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import psycopg

from strangler.cutover.silent_writes.declared import Declared
from strangler.cutover.silent_writes.transaction import OpenTransaction, SilentChange
from strangler.relay.stream.changes import Change, Changes, Table
from strangler.relay.stream.pgoutput import BEGIN, COMMIT, RELATION, committed_at, end_of, transaction_of
from strangler.relay.stream.protocol import LogStream

_TOLD = ("aggregate_type", "aggregate_id")


class AuditReader(LogStream[list[SilentChange]]):
    """An item is what was silent in one transaction. `tables` says which declared model is in which table."""

    def __init__(
        self,
        session: psycopg.Connection,
        *,
        slot: str,
        publications: Sequence[str],
        tables: Mapping[Table, Declared],
        outbox: Table,
    ) -> None:
        super().__init__(session, slot=slot, publications=",".join(publications), batch_size=100)
        wanted = {table: (*declared.primary_key, *_key(declared)) for table, declared in tables.items()}
        self._changes = Changes({**wanted, outbox: _TOLD})
        self._tables = tables
        self._open = OpenTransaction(0)

    def _hear(self, message: bytes) -> list[SilentChange] | None:
        kind = message[0]
        if kind == BEGIN:
            self._transaction = transaction_of(message)
            self._open = OpenTransaction(self._transaction)
        elif kind == COMMIT:
            self._transaction = None
            self._seen = end_of(message)
            return list(self._open.commit(committed_at(message))) or None
        elif kind == RELATION:
            self._changes.learn(message)
        else:
            for change in self._changes.read(message):
                self._note(change)
        return None

    def _note(self, change: Change) -> None:
        declared = self._tables.get(change.table)
        if declared is not None:
            self._open.changed(declared, change.kind, change.values)
        elif change.kind == "insert":
            kind, id = (change.values.get(column) or "" for column in _TOLD)
            self._open.told.add(kind, id)


def _key(declared: Declared) -> tuple[str, ...]:
    return () if declared.key is None else (str(declared.key.column),)
