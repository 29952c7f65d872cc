"""Parked messages, oldest of each key first: start again, on record, until done or dead."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from django.db import connections, transaction
from django.db.backends.utils import CursorWrapper

from strangler.brokers import Delivery
from strangler.errors import HandlerCrashed
from strangler.inbox import store
from strangler.inbox.handling import PERMANENT, GroupHandling, describe
from strangler.inbox.incoming import read
from strangler.inbox.savepoints import Savepoints

log = structlog.get_logger(__name__)

# The start is committed before the handler runs: one that takes the process with it has been counted. The new
# next_attempt_at keeps rivals away meanwhile; should it pass too soon, the row lock of the attempt still does.
_CLAIM = """
    UPDATE strangler_parked_message SET
        attempts = attempts + 1,
        next_attempt_at = clock_timestamp()
            + interval '1 second' * least(%(backoff_max)s, %(backoff)s * 2 ^ least(attempts, 30))
    WHERE id = (
        SELECT p.id FROM strangler_parked_message p
        WHERE p.consumer_group = %(group)s AND p.status = 'retrying' AND p.next_attempt_at <= clock_timestamp()
          AND NOT EXISTS (
              SELECT 1 FROM strangler_parked_message earlier
              WHERE earlier.consumer_group = p.consumer_group AND earlier.key = p.key
                AND earlier.status <> 'discarded' AND earlier.id < p.id)
        ORDER BY p.next_attempt_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id, message_id, attempts, coalesce(nullif(correction, ''), payload)
"""

_LOCK = "SELECT 1 FROM strangler_parked_message WHERE id = %s AND status = 'retrying' FOR UPDATE SKIP LOCKED"
_DELETE = "DELETE FROM strangler_parked_message WHERE id = %s"
_FAILED = "UPDATE strangler_parked_message SET error = %s, status = %s WHERE id = %s"


class Parked(NamedTuple):
    id: int
    message_id: UUID
    attempts: int
    text: str


def retry_one(handling: GroupHandling) -> bool:
    """Try the next parked message that is due; False when none is."""
    parked = _claim(handling)
    if parked is None:
        return False
    if parked.attempts > handling.policy.max_attempts:
        limit = handling.policy.max_attempts
        _fail(handling, parked, HandlerCrashed(f"started {limit} times, and each time its process died"), dead=True)
        return True
    try:
        _attempt(handling, parked)
    except Exception as error:
        if handling.is_outage(error):
            raise
        dead = isinstance(error, PERMANENT) or parked.attempts >= handling.policy.max_attempts
        _fail(handling, parked, error, dead=dead)
    return True


def _claim(handling: GroupHandling) -> Parked | None:
    policy = handling.policy
    parameters: dict[str, Any] = {"group": handling.group, "backoff": policy.backoff, "backoff_max": policy.backoff_max}
    with connections[handling.using].cursor() as cursor:
        cursor.execute(_CLAIM, parameters)
        row = cursor.fetchone()
    return Parked(*row) if row else None


def _attempt(handling: GroupHandling, parked: Parked) -> None:
    with transaction.atomic(using=handling.using), connections[handling.using].cursor() as cursor:
        cursor.execute(_LOCK, [parked.id])
        if cursor.fetchone() is None:
            return  # a rival is at it, or a person changed its status
        if _is_new(cursor, handling, parked):
            message = read(Delivery(parked.text.encode(), redelivered=True, tag=None))
            Savepoints(connections[handling.using]).run(partial(handling.run_handler, message))
        cursor.execute(_DELETE, [parked.id])


def _is_new(cursor: CursorWrapper, handling: GroupHandling, parked: Parked) -> bool:
    return bool(store.record_handled(cursor, handling.group, [parked.message_id]))


def _fail(handling: GroupHandling, parked: Parked, error: Exception, *, dead: bool) -> None:
    with connections[handling.using].cursor() as cursor:
        cursor.execute(_FAILED, [describe(error), "dead" if dead else "retrying", parked.id])
    tell = log.error if dead else log.warning
    tell("message_dead" if dead else "message_failed", group=handling.group, message_id=str(parked.message_id),
         attempts=parked.attempts, error=repr(error))  # fmt: skip
