"""The SQL of instances and their history: one statement writes down what a transaction did to an instance."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connections
from django.db.models import Case, Value, When

from strangler.saga.models import HistoryEntry, SagaInstance

What = HistoryEntry.What

# Waits for a rival that starts the same: the partial unique index decides.
_INSERT = """
    INSERT INTO strangler_saga
        (saga, key, status, step, undoing, data, trail, answer, attempts, error, reason, correlation_id, traceparent)
    VALUES (%(saga)s, %(key)s, %(status)s, %(step)s, false, %(data)s, '[]', '', 0, '', '', %(correlation_id)s,
            %(traceparent)s)
    ON CONFLICT (saga, key) WHERE finished_at IS NULL DO NOTHING
    RETURNING id, started_at
"""

_SAVE = """
    WITH noted AS (
        INSERT INTO strangler_saga_history (instance_id, at, what, step, event_id, by, note)
        SELECT %(id)s, clock_timestamp(), n.what, n.step, n.event_id, n.by, n.note
        FROM unnest(%(whats)s::text[], %(steps)s::text[], %(event_ids)s::uuid[], %(bys)s::text[], %(notes)s::text[])
             WITH ORDINALITY AS n(what, step, event_id, by, note, place)
        ORDER BY n.place)
    UPDATE strangler_saga SET
        status = %(status)s, step = %(step)s, undoing = %(undoing)s, data = %(data)s, trail = %(trail)s,
        answer = %(answer)s, attempts = %(attempts)s, error = %(error)s, reason = %(reason)s,
        moved_at = clock_timestamp(),
        due_at = CASE WHEN %(keep_due)s THEN due_at ELSE clock_timestamp() + %(delay)s::interval END,
        finished_at = CASE WHEN %(finished)s THEN coalesce(finished_at, clock_timestamp()) ELSE finished_at END
    WHERE id = %(id)s
    RETURNING moved_at, due_at, finished_at
"""


class Note(NamedTuple):
    """One line of the history."""

    what: HistoryEntry.What
    step: str = ""
    event_id: UUID | None = None
    by: str = ""
    note: str = ""


def insert(instance: SagaInstance, *, using: str) -> bool:
    """False where one with its key has not ended."""
    fields = ("saga", "key", "status", "step", "correlation_id", "traceparent")
    parameters = {field: getattr(instance, field) for field in fields}
    with connections[using].cursor() as cursor:
        cursor.execute(_INSERT, {**parameters, "data": json.dumps(instance.data)})
        row = cursor.fetchone()
    if row is None:
        return False
    instance.pk, instance.started_at = row
    return True


def find(saga: str, key: str, correlation_id: str, *, using: str) -> SagaInstance | None:
    """Locks the instance that a message is about: of several, that of its conversation, else the latest."""
    known = SagaInstance.objects.using(using).filter(saga=saga, key=key)
    of_the_conversation = Case(When(correlation_id=correlation_id, then=Value(0)), default=Value(1))
    return known.order_by(of_the_conversation, "-id").select_for_update().first()


def save(
    instance: SagaInstance,
    notes: Sequence[Note],
    *,
    using: str,
    delay: timedelta | None,
    keep_due: bool = False,
    finished: bool = False,
) -> None:
    """`delay` is until the worker goes on by itself; None: it need not, unless `keep_due` leaves that as it was."""
    fields = ("id", "status", "step", "undoing", "answer", "attempts", "error", "reason")
    parameters: dict[str, Any] = {
        **{field: getattr(instance, field) for field in fields},
        "data": json.dumps(instance.data),
        "trail": json.dumps(instance.trail),
        "delay": delay,
        "keep_due": keep_due,
        "finished": finished,
        **{f"{field}s": [getattr(note, field) for note in notes] for field in Note._fields},
    }
    with connections[using].cursor() as cursor:
        cursor.execute(_SAVE, parameters)
        instance.moved_at, instance.due_at, instance.finished_at = cursor.fetchone()
