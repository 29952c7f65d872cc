"""Changes of a table that make nobody wait for long: they ask for their locks for a moment, give up, and ask again.

Whoever waits for a lock of a whole table keeps everybody waiting who comes after. So one try takes at most
`lock_timeout` seconds in all, waiting and working; nothing is left of one that failed.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
from django.core.management.base import CommandError
from django.db import OperationalError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from psycopg.errors import DeadlockDetected, LockNotAvailable, QueryCanceled

from strangler.errors import SeveringError

log = structlog.get_logger(__name__)

LOCK_SECONDS = 0.2
ATTEMPTS = 50
"""With the waits in between about three minutes."""
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 5.0
_GAVE_UP = (DeadlockDetected, LockNotAvailable, QueryCanceled)
# What is read after a lock must be what is committed by then, whatever the project's isolation level.
_ISOLATION = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED"
# At most half of `deadlock_timeout`: in a deadlock this side gives up first, never the live one.
_BOUND = """
    SELECT set_config('lock_timeout', bound, true),
           set_config('statement_timeout', CASE WHEN %(quick)s THEN bound ELSE '0' END, true)
    FROM (SELECT greatest(1, least(%(ms)s::int,
        (extract(epoch FROM current_setting('deadlock_timeout')::interval) * 500)::int))::text AS bound) asked
"""
_IN_THE_WAY = """
    SELECT DISTINCT activity.pid, activity.backend_type, coalesce(activity.application_name, ''),
           extract(epoch FROM clock_timestamp() - activity.xact_start)::float AS seconds
    FROM pg_locks held JOIN pg_stat_activity activity USING (pid)
    WHERE held.relation = ANY(SELECT to_regclass(name)::oid FROM unnest(%s::text[]) name) AND held.granted
        AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND held.pid <> pg_backend_pid()
    ORDER BY seconds DESC NULLS LAST LIMIT 3
"""


class MigrationRefused(SeveringError, CommandError):
    """Ends `manage.py migrate` in one line, with the way out."""


@dataclass(frozen=True, slots=True)
class Patience:
    """`lock_timeout` in seconds. `operation` is how messages call who asks."""

    operation: str
    lock_timeout: float
    attempts: int

    def check(self, schema_editor: BaseDatabaseSchemaEditor) -> None:
        """Raises `MigrationRefused` where the locks would be kept longer than by this operation."""
        if self.lock_timeout <= 0 or self.attempts < 1:
            raise MigrationRefused(
                f"{self.operation}: lock_timeout={self.lock_timeout}, attempts={self.attempts}: "
                "give seconds above 0, and a whole number from 1"
            )
        if not schema_editor.collect_sql and schema_editor.connection.in_atomic_block:
            raise MigrationRefused(
                f"{self.operation}: this migration is one transaction, which would keep the table locked until its "
                "end. Write `atomic = False` in the class Migration"
            )

    def do(
        self,
        schema_editor: BaseDatabaseSchemaEditor,
        what: str,
        tables: Sequence[str],
        work: Callable[[], object],
        *,
        quick: bool = True,
    ) -> None:
        """`work` in a transaction of its own. What is not `quick` waits as briefly and then takes the time it needs,
        so it must be something that blocks neither readers nor writers.

        Raises `MigrationRefused` after the last attempt, naming who was in the way.
        """
        if schema_editor.collect_sql:
            schema_editor.collected_sql.append(
                f"-- In a transaction of its own, tried for {self.lock_timeout} s at a time:"
            )
            work()
            return
        connection = schema_editor.connection
        for attempt in range(1, self.attempts + 1):
            if self._tried(connection, work, quick):
                return
            names = [schema_editor.quote_name(table) for table in tables]
            others = in_the_way(connection, names)
            log.warning("lock_not_given", what=what, attempt=attempt, of=self.attempts, in_the_way=others)
            if attempt < self.attempts:
                time.sleep(min(_LONGEST_WAIT, _FIRST_WAIT * 2**attempt) * random.uniform(0.5, 1))  # noqa: S311
        raise MigrationRefused(self._refusal(what, others))

    def _tried(self, connection: BaseDatabaseWrapper, work: Callable[[], object], quick: bool) -> bool:
        try:
            with bounded(connection, self.lock_timeout, quick=quick):
                work()
        except OperationalError as error:
            if not isinstance(error.__cause__, _GAVE_UP):
                raise
            return False
        return True

    def _refusal(self, what: str, others: Sequence[str]) -> str:
        bound = f"{self.lock_timeout:g} s or half of deadlock_timeout"
        tried = f"{self.operation}: could not {what}, within {bound}, in {self.attempts} attempts"
        if not others:
            return (
                f"{tried}, though nobody holds a lock on it just now. This step of the migration changed nothing. Run "
                "migrate again, with a larger attempts= or lock_timeout= if it takes longer than that by itself"
            )
        return (
            f"{tried}. In the way: {'; '.join(others)}. This step of the migration changed nothing. Let them finish or "
            "end them (SELECT pg_terminate_backend(<process>)) and run migrate again; a larger attempts= waits longer"
        )


@contextmanager
def bounded(connection: BaseDatabaseWrapper, seconds: float, *, quick: bool) -> Iterator[None]:
    """A transaction of its own. No statement in it waits longer than this for a lock, nor takes longer where `quick`.

    Raises Django's `OperationalError`.
    """
    with transaction.atomic(using=connection.alias, durable=True):
        with connection.cursor() as cursor:
            cursor.execute(_ISOLATION)
            cursor.execute(_BOUND, {"ms": round(seconds * 1000), "quick": quick})
        yield


def in_the_way(connection: BaseDatabaseWrapper, tables: Sequence[str]) -> list[str]:
    """Who holds locks on these tables (quoted names), the longest transaction first. Without their queries, in which
    there may be anything."""
    with connection.cursor() as cursor:
        cursor.execute(_IN_THE_WAY, [list(tables)])
        return [_described(*row) for row in cursor.fetchall()]


def _described(pid: int, kind: str | None, application: str, seconds: float | None) -> str:
    name = f"{kind or 'another role'} {application!r}" if application else kind or "another role"
    return f"process {pid} ({name}, {f'for {seconds:.0f} s' if seconds is not None else 'since when is not shown'})"
