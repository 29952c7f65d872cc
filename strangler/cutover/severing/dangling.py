"""References to rows that are not there: an anti-join."""

from __future__ import annotations

from typing import NamedTuple

from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql

_EXAMPLES = 3
_COUNT = sql.SQL("""
    WITH dangling AS MATERIALIZED (SELECT source.{column} AS value FROM {where})
    SELECT (SELECT count(*) FROM dangling), ARRAY(SELECT DISTINCT value::text FROM
        (SELECT value FROM dangling LIMIT 1000) few ORDER BY 1 LIMIT {examples})
""")
_WHERE = sql.SQL(
    "{table} source WHERE source.{column} IS NOT NULL AND source.{column}::text <> ''"
    " AND NOT EXISTS (SELECT FROM {target} target WHERE target.{key} = source.{column})"
)


class Reference(NamedTuple):
    """A column, and the one that its values are to be found in."""

    table: str
    column: str
    target: str
    key: str

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"

    @property
    def question(self) -> str:
        """Which rows dangle, for a person to go on with."""
        return sql.SQL("SELECT source.* FROM {}").format(_where(self)).as_string(None)


class Dangling(NamedTuple):
    """`examples`: up to three of the values."""

    rows: int
    examples: tuple[str, ...]

    def __str__(self) -> str:
        values = ", ".join(repr(value) for value in self.examples)
        count = "1 row refers" if self.rows == 1 else f"{self.rows:,} rows refer"
        return f"{count} to nothing ({values}{', …' if len(self.examples) == _EXAMPLES else ''})"


def dangling(connection: BaseDatabaseWrapper, reference: Reference) -> Dangling:
    """NULL and the empty text refer to nothing on purpose: they are not counted."""
    column, where = sql.Identifier(reference.column), _where(reference)
    statement = _COUNT.format(column=column, where=where, examples=sql.Literal(_EXAMPLES))
    with connection.cursor() as cursor:
        cursor.execute(statement)
        rows, examples = cursor.fetchone()
    return Dangling(rows, tuple(examples))


def _where(reference: Reference) -> sql.Composed:
    return _WHERE.format(**{name: sql.Identifier(value) for name, value in reference._asdict().items()})
