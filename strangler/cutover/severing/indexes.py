"""The indexes of a column, built while others write."""

from __future__ import annotations

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Field

from strangler.cutover.severing.patience import Patience

_IS_VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)"


def build_indexes(schema_editor: BaseDatabaseSchemaEditor, patience: Patience, field: Field[Any, Any]) -> None:
    """Those that Django makes for the field, where they are not there yet.

    CONCURRENTLY waits for transactions that are older than itself, and nobody waits for it meanwhile. One that a killed
    run has left is not valid, and is built anew.
    """
    editor: Any = schema_editor
    for statement in editor._field_indexes_sql(field.model, field):
        name = str(statement.parts["name"])
        if not schema_editor.collect_sql and _is_valid(schema_editor, name):
            continue
        patience.check(schema_editor)
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        schema_editor.execute(str(statement).replace("CREATE INDEX", "CREATE INDEX CONCURRENTLY", 1))


def _is_valid(schema_editor: BaseDatabaseSchemaEditor, name: str) -> bool:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(_IS_VALID, [name])
        return bool(cursor.fetchone() == (True,))
