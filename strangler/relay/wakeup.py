"""LISTEN on the outbox, so that an idle relay starts within milliseconds of a commit; a poll is the safety net."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import psycopg
from django.db import connections

CHANNEL = "strangler_outbox"


class Wakeup:
    """A connection of its own: it needs a direct one, not a pooler in transaction mode."""

    def __init__(self, using: str) -> None:
        parameters = connections[using].get_connection_params()
        known = {name: value for name, value in parameters.items() if name in _CONNINFO}
        self._connection = psycopg.connect(**known, autocommit=True)
        self._connection.execute(f"LISTEN {CHANNEL}")

    def wait(self, timeout: float) -> None:
        """Return at the first notification, or after `timeout` seconds. Raises psycopg.OperationalError."""
        for _ in self._connection.notifies(timeout=timeout, stop_after=1):
            pass

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()


_CONNINFO = {option.keyword.decode() for option in psycopg.pq.Conninfo.get_defaults()}
