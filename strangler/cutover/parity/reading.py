"""A transaction that only reads, says everything in one way whatever the session's settings, and is soon over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connections, transaction
from django.db.backends.utils import CursorWrapper
from psycopg.errors import QueryCanceled

from strangler.errors import ParityError

STATEMENT_SECONDS = 50
"""Less than a `ServiceClient` waits for its answer."""

_SESSION = {
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "bytea_output": "hex",
    "statement_timeout": f"{STATEMENT_SECONDS}s",
    "transaction_read_only": "on",
}
_SET = f"SELECT {', '.join(['set_config(%s, %s, true)'] * len(_SESSION))}"


@contextmanager
def reading(using: str, label: str) -> Iterator[CursorWrapper]:
    """Rolled back at the end, with the settings: also in the transaction of somebody who goes on to write in it.

    Raises `ParityError` where a statement takes longer than `STATEMENT_SECONDS`.
    """
    try:
        with transaction.atomic(using=using), connections[using].cursor() as cursor:
            cursor.execute(_SET, [part for setting in _SESSION.items() for part in setting])
            yield cursor
            transaction.set_rollback(True, using=using)
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        raise ParityError(
            f"{label}: the database took more than {STATEMENT_SECONDS} s for one range of keys: index the key, so that "
            "a range need not be looked for in the whole table (docs/parity.md says how), or compare simpler columns"
        ) from error
