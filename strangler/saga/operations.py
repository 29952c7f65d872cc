"""What a person can do with an instance. The worker does the work: nothing of it runs in a request for a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connections, transaction
from django.db.models import QuerySet

from strangler.errors import SagaError
from strangler.saga import counting
from strangler.saga.databases import database
from strangler.saga.models import HistoryEntry, SagaInstance
from strangler.saga.registry import sagas

What = HistoryEntry.What

_NOTED = """
    INSERT INTO strangler_saga_history (instance_id, at, what, step, event_id, by, note)
    SELECT id, clock_timestamp(), %(what)s, step, NULL, %(by)s, '' FROM changed ORDER BY id RETURNING instance_id, step
"""

_RESUME = f"""
    WITH changed AS (
        UPDATE strangler_saga SET
            status = CASE WHEN undoing THEN 'compensating' ELSE 'running' END,
            attempts = 0, due_at = clock_timestamp(), moved_at = clock_timestamp(), error = ''
        WHERE id = ANY(%(ids)s) AND status = 'stuck' RETURNING id, step)
    {_NOTED}
"""  # noqa: S608  (constants)

# A step that was started and left no trace took its process with it: whether anything happened nobody knows.
_COMPENSATE = f"""
    WITH locked AS MATERIALIZED (
        SELECT id, step, attempts > 0 AND NOT trail @> jsonb_build_array(jsonb_build_object('step', step)) AS tried
        FROM strangler_saga WHERE id = ANY(%(ids)s) AND NOT undoing AND finished_at IS NULL ORDER BY id FOR UPDATE),
    changed AS (
        UPDATE strangler_saga s SET
            undoing = true, status = 'compensating', reason = %(reason)s, answer = '', error = '',
            trail = CASE WHEN NOT locked.tried THEN s.trail ELSE s.trail || jsonb_build_array(jsonb_build_object(
                'step', s.step, 'state', 'tried', 'runs', s.attempts, 'undos', 0)) END,
            step = '', attempts = 0, due_at = clock_timestamp(), moved_at = clock_timestamp()
        FROM locked WHERE s.id = locked.id RETURNING s.id, locked.step)
    {_NOTED}
"""  # noqa: S608  (constants)


def resume(instances: Iterable[SagaInstance], *, by: str) -> int:
    """Stuck ones go on where they were, with all their attempts anew; returns how many. Others stay as they are."""
    return _do(_RESUME, What.RESUMED, instances, by)


def compensate(instances: Iterable[SagaInstance], *, by: str) -> int:
    """What they have done is undone; returns how many. Those that have ended or are being undone stay as they are."""
    return _do(_COMPENSATE, What.CALLED_OFF, instances, by)


def find(name: str, keys: Sequence[str]) -> list[SagaInstance]:
    """The latest instance of each key, whether the saga's code is still there or not. Raises `SagaError`."""
    return [_latest(name, key) for key in keys]


def stuck(name: str) -> list[SagaInstance]:
    """Raises `SagaError` for a saga of which there is neither code nor an instance."""
    return list(_instances(name).filter(status=SagaInstance.Status.STUCK))


def why_not_resumed(before: SagaInstance) -> str:
    """Empty where it was."""
    if before.status == SagaInstance.Status.STUCK:
        return ""
    return f"{before} is {before.status}, not stuck: there is nothing to resume"


def why_not_compensated(before: SagaInstance) -> str:
    """Empty where it was."""
    if before.undoing and before.status == SagaInstance.Status.STUCK:
        return f"{before} is stuck while it is undone: mend what its error says, then resume it"
    if before.undoing or before.finished_at:
        return f"{before} is {before.status}: only what is under way forwards can be compensated"
    return ""


def _do(statement: str, what: HistoryEntry.What, instances: Iterable[SagaInstance], by: str) -> int:
    chosen, using = list(instances), database()
    parameters: dict[str, Any] = {
        "ids": [one.pk for one in chosen],
        "what": what,
        "by": by,
        "reason": f"called off by {by}",
    }
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute(statement, parameters)
        changed = cursor.fetchall()
    names = {one.pk: one.saga for one in chosen}
    for id, step in changed:
        counting.count(names[id], [(what, step)])
    return len(changed)


def _latest(name: str, key: str) -> SagaInstance:
    found = _instances(name).filter(key=key).order_by("-id").first()
    if found is None:
        raise SagaError(f"saga {name!r} has no instance {key!r}")
    return found


def _instances(name: str) -> QuerySet[SagaInstance]:
    """Of a saga whose code is gone, too. Raises `SagaError` where there never was one."""
    known = SagaInstance.objects.using(database()).filter(saga=name)
    if name not in sagas.names() and not known.exists():
        sagas.find(name)  # says which there are
    return known
