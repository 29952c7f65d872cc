"""`FillColumn`: a new column gets its values from what is there already, a few rows at a time."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import structlog
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation, OperationCategory
from django.db.migrations.state import ProjectState, StateApps
from django.db.models import NOT_PROVIDED, F, Field, Model, OuterRef, Q, QuerySet, Subquery

from strangler.cutover.severing.patience import ATTEMPTS, LOCK_SECONDS, MigrationRefused, Patience, bounded, in_the_way

log = structlog.get_logger(__name__)

Source = str | Callable[[StateApps], Any]
_SAY_SECONDS = 5.0
_LONGEST_WAIT = 2.0


class FillColumn(Operation):
    """Sets `name` wherever nothing is in it yet (NULL, or the field's default), in batches of `size` rows by primary
    key, each in a transaction of its own. Killed, it goes on with what is still empty when the migration is run again.

    `source` is where the value comes from: a path as the ORM knows it (`"reservation__item__warehouse__code"`), or what
    a function makes of the migration's apps: an expression over the row, such as a Subquery. Where it is NULL, the
    column stays as it is. With `backwards` the operation does its work when the migration is taken back.

    Rows are locked in the order of their keys, and only for a batch. In a deadlock this side gives up first.
    """

    category = OperationCategory.PYTHON
    reduces_to_sql = False

    def __init__(
        self,
        model_name: str,
        name: str,
        source: Source,
        *,
        backwards: bool = False,
        size: int = 1_000,
        attempts: int = ATTEMPTS,
    ) -> None:
        self.model_name = model_name
        self.name = name
        self.source = source
        self.backwards = backwards
        self.size = size
        self.attempts = attempts

    def describe(self) -> str:
        return f"Fill {self.name} of {self.model_name}{' when taken back' if self.backwards else ''}"

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        pass

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if not self.backwards:
            self._fill(app_label, schema_editor, from_state)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if self.backwards:
            self._fill(app_label, schema_editor, from_state)

    def _fill(self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, state: ProjectState) -> None:
        model = state.apps.get_model(app_label, self.model_name)
        alias = schema_editor.connection.alias
        if not self.allow_migrate_model(alias, model):
            return
        operation = f"FillColumn({self.model_name!r}, {self.name!r})"
        Patience(operation, LOCK_SECONDS, self.attempts).check(schema_editor)
        if self.size < 1:
            raise MigrationRefused(f"{operation}: size={self.size}: give a whole number from 1")
        source = F(self.source) if isinstance(self.source, str) else self.source(state.apps)
        Filling(model, self.name, source, operation=operation, connection=schema_editor.connection).run(
            self.size, self.attempts
        )


class Filling:
    """One run of it, over one table."""

    def __init__(
        self, model: type[Model], name: str, source: Any, *, operation: str, connection: BaseDatabaseWrapper
    ) -> None:
        using = connection.alias
        self._rows: QuerySet[Any] = model._base_manager.using(using).order_by("pk")
        self._name, self._operation, self._connection = name, operation, connection
        self._table = model._meta.db_table
        self._empty = _empty(model._meta.get_field(name))
        own = model._base_manager.using(using).filter(pk=OuterRef("pk")).order_by()
        self._value = Subquery(own.annotate(strangler_source=source).values("strangler_source")[:1])
        self._seen = self._filled = 0

    def run(self, size: int, attempts: int) -> None:
        """Raises `MigrationRefused` when one row is held by somebody else for too long."""
        due = time.monotonic() + _SAY_SECONDS
        for keys in self._windows(size):
            self._filled += self._batch(keys, attempts)
            self._seen += len(keys)
            if time.monotonic() > due:
                self._say("column_is_being_filled")
                due = time.monotonic() + _SAY_SECONDS
        if self._seen:
            self._say("column_is_filled")

    def _windows(self, size: int) -> Iterator[list[Any]]:
        """The keys of all rows, also of those that are made meanwhile."""
        keys = list(self._rows.values_list("pk", flat=True)[:size])
        while keys:
            yield keys
            keys = list(self._rows.filter(pk__gt=keys[-1]).values_list("pk", flat=True)[:size])

    def _batch(self, keys: list[Any], attempts: int) -> int:
        """Where somebody holds one of the rows, the halves by themselves; one row alone is waited for."""
        for attempt in range(1, attempts + 1):
            try:
                return self._write(keys)
            except OperationalError as error:
                if getattr(error.__cause__, "sqlstate", "") not in ("55P03", "40P01"):  # lock not given, deadlock
                    raise
            if len(keys) > 1:
                middle = len(keys) // 2
                return self._batch(keys[:middle], attempts) + self._batch(keys[middle:], attempts)
            time.sleep(min(_LONGEST_WAIT, 0.05 * 2**attempt) * random.uniform(0.5, 1))  # noqa: S311
        others = in_the_way(self._connection, [self._connection.ops.quote_name(self._table)])
        raise MigrationRefused(
            f"{self._operation}: row {keys[0]} of {self._table} is held by another transaction, after {attempts} "
            f"attempts. At work on the table: {'; '.join(others) or 'nobody just now'}. {self._filled:,} rows are "
            "filled. End that transaction and run migrate again: it goes on with the others"
        )

    def _write(self, keys: list[Any]) -> int:
        with bounded(self._connection, LOCK_SECONDS, quick=False):
            wanted = self._rows.filter(self._empty, pk__in=keys).annotate(strangler_value=self._value)
            mine = list(wanted.filter(strangler_value__isnull=False).values_list("pk", flat=True))
            locked = list(self._rows.filter(pk__in=mine).select_for_update(no_key=True).values_list("pk", flat=True))
            changed = self._rows.order_by().filter(self._empty, pk__in=locked)
            return changed.update(**{self._name: self._value}) if locked else 0

    def _say(self, event: str) -> None:
        log.info(event, column=f"{self._table}.{self._name}", rows_seen=self._seen, rows_filled=self._filled)


def _empty(field: Any) -> Q:
    """Nothing is in it, or what the database or Django puts there where nobody says anything."""
    empty = Q(**{f"{field.name}__isnull": True})
    for default in (_given(field, "db_default"), _given(field, "default")):
        if default is not None and not callable(default):
            empty |= Q(**{field.name: default})
    return empty


def _given(field: Field[Any, Any], option: str) -> Any:
    value = getattr(field, option)
    return None if value is NOT_PROVIDED else value
