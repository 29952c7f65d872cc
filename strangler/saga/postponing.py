"""Patience with a step that waits: whoever knows that an answer takes longer moves its deadline."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from django.db import connections, transaction
from django.utils import timezone

from strangler.errors import SagaError
from strangler.messaging import incoming_message
from strangler.saga import counting
from strangler.saga.databases import database
from strangler.saga.declaring import Saga
from strangler.saga.models import HistoryEntry

What = HistoryEntry.What

# Waits for whoever has the row locked, and looks at it as he leaves it.
_POSTPONE = """
    WITH changed AS (
        UPDATE strangler_saga SET due_at = %(until)s, moved_at = clock_timestamp()
        WHERE saga = %(saga)s AND key = %(key)s AND finished_at IS NULL
            AND status = 'waiting' AND answer = '' AND step = %(step)s AND due_at < %(until)s
        RETURNING id, step)
    INSERT INTO strangler_saga_history (instance_id, at, what, step, event_id, by, note)
    SELECT id, clock_timestamp(), %(what)s, step, %(event_id)s, '', %(note)s FROM changed RETURNING instance_id
"""


def postpone(saga: Saga[Any], key: object, until: datetime, *, step: str) -> bool:
    """See `Saga.postpone()`."""
    saga.step(step)
    if timezone.is_naive(until):
        raise SagaError(f"saga {saga.name!r}: postpone(until=) takes a time with its zone, not {until.isoformat()}")
    using, envelope = database(), incoming_message()
    parameters: dict[str, Any] = {
        "saga": saga.name,
        "key": str(key),
        "step": step,
        "until": until,
        "what": What.POSTPONED,
        "event_id": envelope.id if envelope else None,
        "note": f"until {until.isoformat(sep=' ', timespec='seconds')}",
    }
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute(_POSTPONE, parameters)
        postponed = cursor.fetchone() is not None
        if postponed:
            told = partial(counting.count, saga.name, [(What.POSTPONED, step)])
            transaction.on_commit(told, using=using, robust=True)
    return postponed
