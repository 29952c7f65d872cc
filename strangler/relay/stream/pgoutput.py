"""What the plugin pgoutput says, as far as it concerns inserts into one table.

<https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html>, version 1: whole transactions, in
the order of their commits.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from strangler.errors import ConfigurationError

BEGIN, COMMIT, RELATION, INSERT = (ord(letter) for letter in "BCRI")

_BEGIN_TRANSACTION = struct.Struct("!Qq I").unpack_from
_COMMIT_END = struct.Struct("!Q").unpack_from
_MICROSECONDS = struct.Struct("!q").unpack_from
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_NUMBER = struct.Struct("!I").unpack_from
_COUNT = struct.Struct("!H").unpack_from
_NULL, _TEXT = ord("n"), ord("t")
_FLAGS_TYPE_MODIFIER = 1, 8
_TUPLE = 6
"""Where the columns of an Insert begin: after its letter, the relation's number and the letter N."""

Values = tuple[bytes, ...]


def transaction_of(begin: bytes) -> int:
    """The lower 32 bits of its number."""
    return int(_BEGIN_TRANSACTION(begin, 1)[2])


def end_of(commit: bytes) -> int:
    """The position in the log after the transaction."""
    return int(_COMMIT_END(commit, 10)[0])


def committed_at(commit: bytes) -> datetime:
    """When the transaction was."""
    return _EPOCH + timedelta(microseconds=_MICROSECONDS(commit, 18)[0])


class Inserts:
    """The values of `columns` in each row that is inserted into `schema.table`; all of them are NOT NULL.

    Follows the table through ALTER TABLE: the server tells of each change before the first row that has it.
    """

    def __init__(self, schema: str, table: str, columns: Sequence[str]) -> None:
        self._table = schema, table
        self._columns = columns
        self._relation: int | None = None
        self._wanted: tuple[bool, ...] = ()
        self._order: tuple[int, ...] = ()

    def learn(self, relation: bytes) -> None:
        """From a Relation message. Raises `ConfigurationError` naming a column that the table does not have (now)."""
        (number,) = _NUMBER(relation, 1)
        *table, rest = relation[5:].split(b"\0", 2)
        if tuple(name.decode() for name in table) != self._table:
            if number == self._relation:
                self._relation = None  # renamed, or moved to another schema
            return
        names = column_names(rest)
        if missing := [column for column in self._columns if column not in names]:
            raise ConfigurationError(
                f"table {'.'.join(self._table)} has no column {', '.join(missing)}: is every migration of "
                "strangler_outbox applied, and no other?"
            )
        places = [names.index(column) for column in self._columns]
        self._wanted = tuple(place in places for place in range(max(places) + 1))
        self._order = tuple(sorted(places).index(place) for place in places)
        self._relation = number

    def values(self, insert: bytes) -> Values | None:
        """In the order of `columns`; None of a row of another table."""
        if _NUMBER(insert, 1)[0] != self._relation:
            return None
        found: list[bytes] = []
        at = _TUPLE + 2
        for wanted in self._wanted:
            if insert[at] == _NULL:
                at += 1
                continue
            start = at + 5
            at = start + _NUMBER(insert, at + 1)[0]
            if wanted:
                found.append(insert[start:at])
        return tuple([found[place] for place in self._order])


def column_names(rest: bytes) -> list[str]:
    """From the replica identity on: a count, and for each column flags, its name, type and modifier."""
    (count,) = _COUNT(rest, 1)
    names, at = [], 3
    for _ in range(count):
        end = rest.index(b"\0", at + 1)
        names.append(rest[at + 1 : end].decode())
        at = end + 1 + 8
    return names
