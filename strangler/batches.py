"""Deleting much without one long transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.db import connections


def delete_in_batches(using: str, statement: str, parameters: Mapping[str, Any], *, size: int) -> Iterator[int]:
    """Repeat a DELETE bounded by `%(size)s`, one short transaction each, until less than `size` went; yields counts.

    Have the bound in a MATERIALIZED subquery: PostgreSQL may run that of a join for each row, and it bounds nothing.
    """
    deleted = size
    while deleted == size:
        with connections[using].cursor() as cursor:
            cursor.execute(statement, {**parameters, "size": size})
            deleted = cursor.rowcount
        yield deleted
