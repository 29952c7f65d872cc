"""What pgoutput says of every kind of change to some tables (`strangler.relay.stream.pgoutput` knows inserts only).

<https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html>, version 1.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from strangler.relay.stream.pgoutput import column_names

_KINDS = {ord("I"): "insert", ord("U"): "update", ord("D"): "delete"}
_TRUNCATE = ord("T")
_OLD, _NULL, _UNCHANGED = b"KO", ord("n"), ord("u")
_NUMBER = struct.Struct("!I").unpack_from
_COUNT = struct.Struct("!H").unpack_from
_FIRST_TUPLE = 5

Table = tuple[str, str]
"""Schema and name."""


class Change(NamedTuple):
    """One row, or a truncated table. `values` are of the columns that were wanted, as text.

    None is NULL, and what the log does not say: of a deleted row it knows the replica identity only.
    """

    kind: str
    table: Table
    values: Mapping[str, str | None]


class Changes:
    """Of the tables in `wanted`, the values of the columns named there. Tables may be altered in between."""

    def __init__(self, wanted: Mapping[Table, Sequence[str]]) -> None:
        self._wanted = wanted
        self._known: dict[int, tuple[Table, tuple[str, ...]]] = {}

    def learn(self, relation: bytes) -> None:
        (number,) = _NUMBER(relation, 1)
        schema, name, rest = relation[5:].split(b"\0", 2)
        table = schema.decode(), name.decode()
        self._known.pop(number, None)
        if table in self._wanted:
            columns = self._wanted[table]
            self._known[number] = table, tuple(name if name in columns else "" for name in column_names(rest))

    def read(self, message: bytes) -> Iterator[Change]:
        """Nothing of a message about something else."""
        kind = message[0]
        if kind == _TRUNCATE:
            for place in range(_NUMBER(message, 1)[0]):
                if known := self._known.get(_NUMBER(message, 6 + 4 * place)[0]):
                    yield Change("truncate", known[0], {})
        elif kind in _KINDS and (known := self._known.get(_NUMBER(message, 1)[0])):
            table, columns = known
            yield Change(_KINDS[kind], table, _values(message, columns))


def _values(message: bytes, columns: Sequence[str]) -> dict[str, str | None]:
    """Of the new row, where there is one. What an update left alone outside the row may be in the old one."""
    values, at = _tuple(message, _FIRST_TUPLE + 1, columns)
    if message[_FIRST_TUPLE] in _OLD and at < len(message):
        old = values
        values, _ = _tuple(message, at + 1, columns)
        return {**old, **values}
    return values


def _tuple(message: bytes, at: int, columns: Sequence[str]) -> tuple[dict[str, str | None], int]:
    """And where it ends."""
    values: dict[str, str | None] = {}
    at += 2
    for column in columns[: _COUNT(message, at - 2)[0]]:
        kind = message[at]
        at += 1
        if kind in {_NULL, _UNCHANGED}:
            if column and kind == _NULL:
                values[column] = None
            continue
        start = at + 4
        at = start + _NUMBER(message, at)[0]
        if column:
            values[column] = message[start:at].decode()
    return values, at
