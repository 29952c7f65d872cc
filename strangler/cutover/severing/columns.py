"""Columns that come and go while code runs that does not know them, or still does."""

from __future__ import annotations

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.fields import AddField, RemoveField
from django.db.migrations.state import ProjectState
from django.db.models import NOT_PROVIDED, Field, Model

from strangler.cutover.severing.indexes import build_indexes
from strangler.cutover.severing.patience import ATTEMPTS, LOCK_SECONDS, MigrationRefused, Patience

_HAS_COLUMN = """
    SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attname = %s AND NOT attisdropped)
"""


class AddColumn(AddField):
    """Django's AddField for a table in use: without a wait longer than `lock_timeout`, with its index built beside the
    traffic, and able to go on where a killed run ended.

    Code that does not know the column must be able to insert: it has to be nullable or to have a `db_default`.
    """

    def __init__(
        self,
        model_name: str,
        name: str,
        field: Field[Any, Any],
        *,
        lock_timeout: float = LOCK_SECONDS,
        attempts: int = ATTEMPTS,
    ) -> None:
        super().__init__(model_name, name, field)
        self.patience = Patience(f"AddColumn({model_name!r}, {name!r})", lock_timeout, attempts)

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        field = _field_of(self, app_label, schema_editor, to_state)
        if field is not None:
            self._check(field)
            add_column(schema_editor, self.patience, from_state.apps.get_model(app_label, self.model_name), field)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        field = _field_of(self, app_label, schema_editor, from_state)
        if field is not None:
            drop_column(schema_editor, self.patience, field)

    def _check(self, field: Field[Any, Any]) -> None:
        if field.is_relation or field.unique:
            what = "a relation" if field.is_relation else "unique"
            raise MigrationRefused(
                f"{self.patience.operation}: the field is {what}, which would be checked while everybody waits: "
                "add a plain one"
            )
        if not field.null and field.db_default is NOT_PROVIDED:
            raise MigrationRefused(
                f"{self.patience.operation}: code that does not know the column could not insert rows any more: "
                'give the field a db_default (such as db_default=""), or null=True'
            )


class DropColumn(RemoveField):
    """Django's RemoveField for a table in use. No code that knows the column may run any more: it selects it by name.

    Backwards it makes the column anew, empty and with its index; so sever what is a foreign key, and allow NULL, first.
    """

    def __init__(
        self, model_name: str, name: str, *, lock_timeout: float = LOCK_SECONDS, attempts: int = ATTEMPTS
    ) -> None:
        super().__init__(model_name, name)
        self.patience = Patience(f"DropColumn({model_name!r}, {name!r})", lock_timeout, attempts)

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        field = _field_of(self, app_label, schema_editor, from_state)
        if field is not None:
            self._check(field)
            drop_column(schema_editor, self.patience, field)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        field = _field_of(self, app_label, schema_editor, to_state)
        if field is not None:
            add_column(schema_editor, self.patience, from_state.apps.get_model(app_label, self.model_name), field)

    def _check(self, field: Field[Any, Any]) -> None:
        if field.is_relation:
            raise MigrationRefused(f"{self.patience.operation}: it is a foreign key: put SeverForeignKey before it")
        if not field.null and field.db_default is NOT_PROVIDED:
            raise MigrationRefused(
                f"{self.patience.operation}: the column takes no NULL, so code that does not fill it any more "
                "could not run before it is gone: put AllowNull before it"
            )


def add_column(
    schema_editor: BaseDatabaseSchemaEditor, patience: Patience, model: type[Model], field: Field[Any, Any]
) -> None:
    patience.check(schema_editor)
    table = model._meta.db_table
    if schema_editor.collect_sql or not has_column(schema_editor, table, str(field.column)):
        later = len(schema_editor.deferred_sql)
        what = f"add {table}.{field.column}, for which {table} is locked"
        patience.do(schema_editor, what, [table], lambda: schema_editor.add_field(model, field))
        del schema_editor.deferred_sql[later:]  # its index, which would block everybody who writes
    build_indexes(schema_editor, patience, field)


def drop_column(schema_editor: BaseDatabaseSchemaEditor, patience: Patience, field: Field[Any, Any]) -> None:
    patience.check(schema_editor)
    model = field.model
    table = model._meta.db_table
    if schema_editor.collect_sql or has_column(schema_editor, table, str(field.column)):
        what = f"drop {table}.{field.column}, for which {table} is locked"
        patience.do(schema_editor, what, [table], lambda: schema_editor.remove_field(model, field))


def _field_of(
    operation: AddField | RemoveField, app_label: str, schema_editor: BaseDatabaseSchemaEditor, state: ProjectState
) -> Any:
    """As the models of `state` have it; None where its table is in another database."""
    model = state.apps.get_model(app_label, operation.model_name)
    here = operation.allow_migrate_model(schema_editor.connection.alias, model)
    return model._meta.get_field(operation.name) if here else None


def has_column(schema_editor: BaseDatabaseSchemaEditor, table: str, column: str) -> bool:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(_HAS_COLUMN, [schema_editor.quote_name(table), column])
        return bool(cursor.fetchone()[0])
