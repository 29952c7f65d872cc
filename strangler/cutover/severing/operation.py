"""`SeverForeignKey`: a foreign key becomes a plain column that still says the same."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement
from django.db.migrations.operations.base import Operation, OperationCategory
from django.db.migrations.state import ProjectState
from django.db.models import ForeignKey

from strangler.cutover.severing.constraints import foreign_keys_of_column
from strangler.cutover.severing.dangling import Reference, dangling
from strangler.cutover.severing.patience import ATTEMPTS, LOCK_SECONDS, MigrationRefused, Patience
from strangler.cutover.severing.plain import foreign_key_of, plain_field, renamed_in_options


class SeverForeignKey(Operation):
    """Drops the constraint, and nothing else: the column, its index and its values stay. Code that still has the
    foreign key and code that has the plain field work on it side by side.

    `to` is what the plain field is called, by default the column's usual name (`reservation_id`), which code that
    reads it needs not be changed for. PostgreSQL locks both tables against readers and writers (ACCESS EXCLUSIVE), for
    the moment it takes; asked for as `Patience` does, nobody waits longer than `lock_timeout` seconds at a time.

    Backwards the constraint is added NOT VALID, which blocks writers for a moment, and validated in a transaction of
    its own, which blocks nobody. References to rows that are not there any more are told before anything is changed.
    """

    category = OperationCategory.ALTERATION

    def __init__(
        self,
        model_name: str,
        name: str,
        *,
        to: str | None = None,
        lock_timeout: float = LOCK_SECONDS,
        attempts: int = ATTEMPTS,
    ) -> None:
        self.model_name = model_name
        self.name = name
        self.to = to or f"{name}_id"
        self.patience = Patience(f"SeverForeignKey({model_name!r}, {name!r})", lock_timeout, attempts)

    def describe(self) -> str:
        return f"Sever the foreign key {self.name} of {self.model_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"sever_{self.model_name.lower()}_{self.name.lower()}"

    def references_model(self, name: str, app_label: str) -> bool:
        return True

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        model = app_label, self.model_name.lower()
        key = foreign_key_of(state, self.patience.operation, model, self.name)
        if self.to != self.name and self.to in state.models[model].fields:
            raise MigrationRefused(f"{self.patience.operation}: there is a field {self.to!r} already: give another to=")
        field = plain_field(state, model, key, column=key.db_column or f"{self.name}_id", name=self.to)
        state.models[model].options = renamed_in_options(state.models[model], self.name, self.to)
        state.remove_field(*model, self.name)
        state.add_field(*model, self.to, field, preserve_default=True)

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        key = self._key(app_label, schema_editor, from_state)
        if key is None:
            return
        self.patience.check(schema_editor)
        held = foreign_keys_of_column(schema_editor.connection, *_place(key))
        if held:  # else it was severed before, by a run that was killed then
            self._drop(schema_editor, key, [constraint.name for constraint in held])

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        key = self._key(app_label, schema_editor, to_state)
        if key is None or not key.db_constraint:
            return
        self.patience.check(schema_editor)
        held = foreign_keys_of_column(schema_editor.connection, *_place(key))
        if not held:
            self._refuse_dangling(schema_editor, key)
            self._add(schema_editor, key)
        if schema_editor.collect_sql or not any(constraint.valid for constraint in held):
            self._validate(schema_editor, key)

    def _key(self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, state: ProjectState) -> Any:
        """The foreign key of the migration's model; None where its table is in another database."""
        model = state.apps.get_model(app_label, self.model_name)
        here = self.allow_migrate_model(schema_editor.connection.alias, model)
        return model._meta.get_field(self.name) if here else None

    def _drop(self, schema_editor: BaseDatabaseSchemaEditor, key: ForeignKey[Any, Any], names: list[str]) -> None:
        quote = schema_editor.quote_name
        table, _, target = _place(key)
        drops = ", ".join(f"DROP CONSTRAINT IF EXISTS {quote(name)}" for name in names)
        statement = f"ALTER TABLE {quote(table)} {drops}"
        what = f"drop {', '.join(names)}, for which {table} and {target} are locked"
        self.patience.do(schema_editor, what, [table, target], lambda: schema_editor.execute(statement))

    def _add(self, schema_editor: BaseDatabaseSchemaEditor, key: ForeignKey[Any, Any]) -> None:
        statement = f"{_as_django_has_it(schema_editor, key)} NOT VALID"
        table, column, target = _place(key)
        what = f"add the constraint on {table}.{column}, for which {table} and {target} are locked against writers"
        self.patience.do(schema_editor, what, [table, target], lambda: schema_editor.execute(statement))

    def _validate(self, schema_editor: BaseDatabaseSchemaEditor, key: ForeignKey[Any, Any]) -> None:
        table = _place(key)[0]
        held = [constraint.name for constraint in foreign_keys_of_column(schema_editor.connection, *_place(key))]
        names = held or [str(_as_django_has_it(schema_editor, key).parts["name"]).strip('"')]  # none yet: sqlmigrate
        parts = ", ".join(f"VALIDATE CONSTRAINT {schema_editor.quote_name(name)}" for name in names)
        statement = f"ALTER TABLE {schema_editor.quote_name(table)} {parts}"
        what = f"validate {', '.join(names)}"
        try:
            self.patience.do(schema_editor, what, [table], lambda: schema_editor.execute(statement), quick=False)
        except IntegrityError:
            self._drop(schema_editor, key, names)  # else it would be held against whoever writes from now on
            self._refuse_dangling(schema_editor, key)
            raise

    def _refuse_dangling(self, schema_editor: BaseDatabaseSchemaEditor, key: ForeignKey[Any, Any]) -> None:
        table, column, target = _place(key)
        reference = Reference(table, column, target, str(key.target_field.column))
        found = dangling(schema_editor.connection, reference)
        if found.rows:
            raise MigrationRefused(
                f"{self.patience.operation} can't be taken back: of {reference} {found} in {target}.{reference.key}. "
                f"The constraint would forbid that, and was not added. Look at them ({reference.question}), put back "
                f"what they refer to or {'set them to NULL' if key.null else 'delete them'}, and run migrate again"
            )


def _as_django_has_it(schema_editor: BaseDatabaseSchemaEditor, key: ForeignKey[Any, Any]) -> Statement:
    """ALTER TABLE … ADD CONSTRAINT, by its own name and in its own words."""
    editor: Any = schema_editor
    statement: Statement = editor._create_fk_sql(key.model, key, "_fk_%(to_table)s_%(to_column)s")
    return statement


def _place(key: ForeignKey[Any, Any]) -> tuple[str, str, str]:
    """Table, column and the table it leads to."""
    return key.model._meta.db_table, str(key.column), key.target_field.model._meta.db_table
