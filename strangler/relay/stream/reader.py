"""The relay's own view of the log: inserts into the outbox."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

import psycopg

from strangler.relay.log import sql
from strangler.relay.log.reading import Address
from strangler.relay.stream.pgoutput import BEGIN, COMMIT, INSERT, RELATION, Inserts, end_of, transaction_of
from strangler.relay.stream.protocol import LogStream

_COLUMNS = ("id", "aggregate_type", "routing_key", "aggregate_id", "payload")


class Row(NamedTuple):
    """As `Captured` has it."""

    id: UUID
    address: Address
    body: bytes
    number: int

    def transaction(self) -> int:
        return self.number


class StreamReader(LogStream[Row]):
    """`with StreamReader(…) as reader:` `poll()` a batch, carry it, `done()`. Its session has made the slot."""

    def __init__(
        self, session: psycopg.Connection, *, slot: str, publication: str, schema: str, batch_size: int
    ) -> None:
        super().__init__(session, slot=slot, publications=publication, batch_size=batch_size)
        self._inserts = Inserts(schema, sql.TABLE, _COLUMNS)

    def flows(self, timeout: float) -> bool:
        return True

    def _hear(self, message: bytes) -> Row | None:
        kind = message[0]
        if kind == INSERT:
            values = self._inserts.values(message)
            return self._row(values) if values is not None else None
        if kind == BEGIN:
            self._transaction = transaction_of(message)
        elif kind == COMMIT:
            self._transaction = None
            self._seen = end_of(message)
        elif kind == RELATION:
            self._inserts.learn(message)
        return None

    def _row(self, values: tuple[bytes, ...]) -> Row:
        id, topic, routing_key, aggregate_id, body = values
        self._size += len(body)
        address = Address(topic.decode(), routing_key.decode(), aggregate_id.decode())
        return Row(UUID(int=int(id.replace(b"-", b""), 16)), address, body, self._transaction or 0)
