"""Two contexts of no installed app, whose tables are really there: a desk's tickets stand on a depot's shelves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import connection, migrations, models
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.questioner import NonInteractiveMigrationQuestioner
from django.db.migrations.state import ModelState, ProjectState

SHELVES, TICKETS = "depot_shelf", "desk_ticket"
_CONSTRAINTS = """
    SELECT conname::text, convalidated FROM pg_constraint WHERE conrelid = to_regclass(%s) AND contype = 'f'
"""
_INDEXES = "SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = to_regclass(%s) AND indisvalid ORDER BY 1"


def project(**ticket: models.Field[Any, Any]) -> ProjectState:
    """As the migrations before have left it; `ticket` are the fields that say where it stands."""
    state = ProjectState()
    state.add_model(
        ModelState("depot", "Shelf", [("id", key()), ("code", models.CharField(max_length=9, unique=True))])
    )
    fields = {"id": key(), "note": models.CharField(max_length=9, blank=True, default=""), **ticket}
    state.add_model(ModelState("desk", "Ticket", list(fields.items())))
    return state


def key() -> models.Field[Any, Any]:
    return models.BigAutoField(primary_key=True)


def shelf(**options: Any) -> models.Field[Any, Any]:
    return models.ForeignKey("depot.Shelf", models.PROTECT, **{"null": True, **options})


@contextmanager
def tables(state: ProjectState) -> Iterator[ProjectState]:
    with connection.schema_editor() as editor:
        editor.create_model(state.apps.get_model("depot", "Shelf"))
        editor.create_model(state.apps.get_model("desk", "Ticket"))
    try:
        yield state
    finally:
        run(f"DROP TABLE IF EXISTS {TICKETS}, {SHELVES} CASCADE")


def forwards(state: ProjectState, *operations: Any, atomic: bool = False) -> ProjectState:
    with connection.schema_editor(atomic=atomic) as editor:
        return _migration(operations).apply(state.clone(), editor)


def backwards(state: ProjectState, *operations: Any) -> None:
    """To `state`, as it was before."""
    with connection.schema_editor(atomic=False) as editor:
        _migration(operations).unapply(state.clone(), editor)


def sql_of(state: ProjectState, *operations: Any, taken_back: bool = False) -> str:
    with connection.schema_editor(collect_sql=True, atomic=False) as editor:
        migration = _migration(operations)
        (migration.unapply if taken_back else migration.apply)(state.clone(), editor, collect_sql=True)
    return "\n".join(editor.collected_sql)


def changes(state: ProjectState, wanted: ProjectState) -> list[Any]:
    """What `makemigrations` would find to do, where the models say what is `wanted`."""
    detector = MigrationAutodetector(state, wanted, NonInteractiveMigrationQuestioner(specified_apps={"desk"}))
    found = detector._detect_changes()
    return [operation for each in found.values() for migration in each for operation in migration.operations]


def _migration(operations: Any) -> migrations.Migration:
    migration = type("Migration", (migrations.Migration,), {"atomic": False, "operations": list(operations)})
    return migration("0002_severed", "desk")


def run(statement: str, *parameters: object) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []


def constraints() -> dict[str, bool]:
    """Of the tickets' foreign keys, whether each is valid."""
    return dict(run(_CONSTRAINTS, TICKETS))


def indexes() -> list[str]:
    return [name for (name,) in run(_INDEXES, TICKETS)]


@contextmanager
def meanwhile(work: Callable[[], Any]) -> Iterator[Future[Any]]:
    """`work` in a thread with a connection of its own."""

    def alone() -> Any:
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(alone)
