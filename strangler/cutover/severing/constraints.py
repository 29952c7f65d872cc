"""Foreign keys as the database has them, whatever the models say."""

from __future__ import annotations

from typing import NamedTuple

from django.db.backends.base.base import BaseDatabaseWrapper

# Those of partitions follow from their table's.
_FOREIGN_KEYS = """
    SELECT held.conname, held.convalidated, source.relname, target.relname,
           (SELECT array_agg(attname::text ORDER BY place) FROM unnest(held.conkey) WITH ORDINALITY part (number, place)
            JOIN pg_attribute ON attrelid = held.conrelid AND attnum = part.number)
    FROM pg_constraint held
    JOIN pg_class source ON source.oid = held.conrelid
    JOIN pg_class target ON target.oid = held.confrelid
    WHERE held.contype = 'f' AND held.conparentid = 0 AND pg_table_is_visible(source.oid)
        AND (%(table)s::text IS NULL OR source.relname = %(table)s)
    ORDER BY source.relname, held.conname
"""


class Constraint(NamedTuple):
    """`valid`: it has been held against the rows that were there before it, too."""

    name: str
    valid: bool
    table: str
    target: str
    columns: tuple[str, ...]


def foreign_keys(connection: BaseDatabaseWrapper, table: str | None = None) -> list[Constraint]:
    """Of one table, or of all that the search path leads to."""
    with connection.cursor() as cursor:
        cursor.execute(_FOREIGN_KEYS, {"table": table})
        return [_constraint(*row) for row in cursor.fetchall()]


def foreign_keys_of_column(connection: BaseDatabaseWrapper, table: str, column: str, target: str) -> list[Constraint]:
    """Usually one; none where it is severed."""
    return [held for held in foreign_keys(connection, table) if held.columns == (column,) and held.target == target]


def _constraint(name: str, valid: bool, table: str, target: str, columns: list[str]) -> Constraint:
    return Constraint(name, valid, table, target, tuple(columns))
