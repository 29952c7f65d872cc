"""`AllowNull`: before a column that takes no NULL can be dropped, code must be able to leave it out."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation, OperationCategory
from django.db.migrations.state import ProjectState

from strangler.cutover.severing.patience import ATTEMPTS, LOCK_SECONDS, MigrationRefused, Patience

_IS_FILLED = "SELECT attnotnull FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attname = %s"
_HAS_CHECK = "SELECT EXISTS (SELECT FROM pg_constraint WHERE conrelid = to_regclass(%s) AND conname = %s)"


class AllowNull(Operation):
    """`null=True`, for a moment of ACCESS EXCLUSIVE on the table.

    Backwards PostgreSQL would read the whole table under that lock. So the rule comes as a check first, NOT VALID, is
    validated while everybody works, and only then becomes NOT NULL, which needs no look at the rows any more.
    """

    category = OperationCategory.ALTERATION

    def __init__(
        self, model_name: str, name: str, *, lock_timeout: float = LOCK_SECONDS, attempts: int = ATTEMPTS
    ) -> None:
        self.model_name = model_name
        self.name = name
        self.patience = Patience(f"AllowNull({model_name!r}, {name!r})", lock_timeout, attempts)

    def describe(self) -> str:
        return f"Allow NULL in {self.name} of {self.model_name}"

    def references_model(self, name: str, app_label: str) -> bool:
        return name.lower() == self.model_name.lower()

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        fields = state.models[app_label, self.model_name.lower()].fields
        if self.name not in fields:
            raise MigrationRefused(f"{self.patience.operation}: there is no such field (there are {', '.join(fields)})")
        field = fields[self.name].clone()
        field.null = True
        state.alter_field(app_label, self.model_name.lower(), self.name, field, preserve_default=True)

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        place = self._place(app_label, schema_editor, from_state)
        if place is not None:
            self._alter(schema_editor, place, f"ALTER COLUMN {place[1]} DROP NOT NULL")

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        place = self._place(app_label, schema_editor, to_state)
        if place is None:
            return
        table, column, check = place
        self._refuse_empty(schema_editor, place)
        if not self._ask(schema_editor, _IS_FILLED, table, _bare(column)):
            if not self._ask(schema_editor, _HAS_CHECK, table, _bare(check)):
                self._alter(schema_editor, place, f"ADD CONSTRAINT {check} CHECK ({column} IS NOT NULL) NOT VALID")
            self._validate(schema_editor, place)
            self._alter(schema_editor, place, f"ALTER COLUMN {column} SET NOT NULL")
        self._alter(schema_editor, place, f"DROP CONSTRAINT IF EXISTS {check}")

    def _place(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, state: ProjectState
    ) -> tuple[str, str, str] | None:
        """Table, column and check, quoted. None where the column took NULL before, or is in another database."""
        model = state.apps.get_model(app_label, self.model_name)
        field: Any = model._meta.get_field(self.name)
        if field.null or not self.allow_migrate_model(schema_editor.connection.alias, model):
            return None
        self.patience.check(schema_editor)
        editor: Any = schema_editor
        check = editor._create_index_name(model._meta.db_table, [field.column], suffix="_filled")
        quote = schema_editor.quote_name
        return quote(model._meta.db_table), quote(field.column), quote(check)

    def _alter(
        self, schema_editor: BaseDatabaseSchemaEditor, place: tuple[str, str, str], change: str, *, quick: bool = True
    ) -> None:
        table = _bare(place[0])
        statement = f"ALTER TABLE {place[0]} {change}"
        what = f"alter {table} ({change}){', for which it is locked' if quick else ''}"
        self.patience.do(schema_editor, what, [table], lambda: schema_editor.execute(statement), quick=quick)

    def _validate(self, schema_editor: BaseDatabaseSchemaEditor, place: tuple[str, str, str]) -> None:
        try:
            self._alter(schema_editor, place, f"VALIDATE CONSTRAINT {place[2]}", quick=False)
        except IntegrityError:
            self._alter(schema_editor, place, f"DROP CONSTRAINT IF EXISTS {place[2]}")
            self._refuse_empty(schema_editor, place)
            raise

    def _refuse_empty(self, schema_editor: BaseDatabaseSchemaEditor, place: tuple[str, str, str]) -> None:
        table, column, _ = place
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {table} WHERE {column} IS NULL")  # noqa: S608  (quoted names)
            (empty,) = cursor.fetchone()
        if empty:
            raise MigrationRefused(
                f"{self.patience.operation} can't be taken back: {empty:,} rows of {_bare(table)} have no "
                f"{_bare(column)}, and NULL would be forbidden. Fill them (FillColumn(…, backwards=True) behind this "
                "operation in the migration) and run migrate again"
            )

    def _ask(self, schema_editor: BaseDatabaseSchemaEditor, question: str, table: str, name: str) -> bool:
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(question, [table, name])
            return bool(cursor.fetchone() == (True,))


def _bare(quoted: str) -> str:
    return quoted.strip('"')
