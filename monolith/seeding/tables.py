"""PostgreSQL's COPY on the ORM's own connection: many rows in one statement, inside the caller's transaction."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models
from psycopg import sql


def copy_into(model: type[models.Model], fields: str, rows: Iterable[Sequence[Any]]) -> None:
    """`fields` are names, in the order of the values. A primary key left out is given by the table's sequence."""
    columns = [sql.Identifier(model._meta.get_field(name).column) for name in fields.split()]
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(model._meta.db_table), sql.SQL(", ").join(columns)
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def known(model: type[models.Model], field: str, values: Sequence[str]) -> set[str]:
    """Which of them the table has already. One array, so that there may be any number of them."""
    column = sql.Identifier(model._meta.get_field(field).column)
    query = sql.SQL("SELECT {} FROM {} WHERE {} = ANY(%s)").format(column, sql.Identifier(model._meta.db_table), column)
    with connection.cursor() as cursor:
        cursor.execute(query, [list(values)])
        return {value for (value,) in cursor.fetchall()}


def lock(model: type[models.Model], ids: Sequence[int], order_by: str) -> None:
    """Rows, until the transaction ends. Everybody who locks several takes them in the same order."""
    columns = [sql.Identifier(model._meta.get_field(name).column) for name in order_by.split()]
    query = sql.SQL("SELECT FROM {} WHERE id = ANY(%s) ORDER BY {} FOR NO KEY UPDATE").format(
        sql.Identifier(model._meta.db_table), sql.SQL(", ").join(columns)
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [list(ids)])


def give_ids(model: type[models.Model], things: Sequence[Any], attribute: str = "id") -> None:
    """Sets the attribute of each, from the table's own sequence: nobody who writes meanwhile gets the same ones."""
    if not things:
        return
    sequence = "(SELECT pg_get_serial_sequence(%s, %s)::regclass)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT nextval({sequence}) FROM generate_series(1, %s)",  # noqa: S608
            [model._meta.db_table, model._meta.pk.column, len(things)],
        )
        for thing, (pk,) in zip(things, cursor.fetchall(), strict=True):
            setattr(thing, attribute, pk)


def collect_statistics(tables: Sequence[str]) -> None:
    """The planner takes a table that has grown a thousandfold for what it was, until the server looks again."""
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("ANALYZE {}").format(sql.SQL(", ").join(map(sql.Identifier, tables))))
