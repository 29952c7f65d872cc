"""Rows to SQL and back: one statement for any number of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection


def execute(statement: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
    """The rows that it returns, if it returns any."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []


def columns(rows: Iterable[Sequence[Any]], count: int) -> list[list[Any]]:
    """As `unnest` takes them: one array a column, `count` of them also where there are no rows."""
    turned = [list(column) for column in zip(*rows, strict=True)]
    return turned or [[] for _ in range(count)]
