from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

UNTIL = "2026-10-15T14:30"
SMALL = {"products": 30, "customers": 25, "orders": 0, "stock": 40, "until": UNTIL}


def seed(**options: Any) -> None:
    call_command("seed", **{**SMALL, **options})


def rows(query: str, parameters: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchall()


@pytest.fixture
def copies(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tables that were written by COPY, which Django doesn't count among its queries."""
    written: list[str] = []
    original: Callable[..., Any] = connection.connection.cursor().__class__.copy

    def counted(cursor: Any, statement: Any, *args: Any, **kwargs: Any) -> Any:
        written.append(statement.as_string(None))
        return original(cursor, statement, *args, **kwargs)

    for cls in connection.connection.cursor().__class__.__mro__:
        if "copy" in vars(cls):
            monkeypatch.setattr(cls, "copy", counted)
    return written
