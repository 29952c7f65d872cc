"""How far a backfill has come for a consumer group, in the database in which the rows and the outbox are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from copy import copy
from threading import Event
from time import monotonic
from typing import Any

from django.db import Error, connections, router
from django.db.backends.utils import CursorWrapper
from django.db.models import QuerySet
from django.utils import timezone

from strangler.cutover.backfilling.chunk import Chunk
from strangler.cutover.backfilling.declaring import Backfill, find
from strangler.cutover.models import BackfillRun
from strangler.errors import BackfillError, ConfigurationError
from strangler.outbox.models import OutboxMessage

_LOCK = "SELECT pg_try_advisory_lock(hashtextextended('strangler.backfill.' || %s || '/' || %s, 0))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtextextended('strangler.backfill.' || %s || '/' || %s, 0))"
PATIENCE = 5.0
"""Seconds: the server takes a moment to see that a killed process is gone."""


def backfill_state(group: str, name: str) -> BackfillRun | None:
    """None where it never began."""
    return BackfillRun.objects.filter(group=group, name=name).first()


def is_complete(group: str, name: str) -> bool:
    """Whether everything was told to the group, at the version the code has now. Raises `BackfillError`."""
    run = backfill_state(group, name)
    return run is not None and run.finished_at is not None and run.version == find(name).version


def database_of(told: Backfill[Any]) -> str:
    """Raises `ConfigurationError`: rows, outbox and progress are changed in one transaction."""
    models = (told.rows().model, OutboxMessage, BackfillRun)
    aliases = {model: router.db_for_write(model) for model in models}
    if len(set(aliases.values())) > 1:
        named = ", ".join(f"{model.__name__} on {alias!r}" for model, alias in aliases.items())
        raise ConfigurationError(f"backfill {told.name} takes one database for all: DATABASE_ROUTERS has {named}")
    return aliases[OutboxMessage]


@contextmanager
def alone(group: str, name: str, *, using: str, stop: Event) -> Iterator[bool]:
    """No other process works at it meanwhile. Raises `BackfillError` when one does; False when `stop` was set first."""
    with connections[using].cursor() as cursor:
        held = _acquire(cursor, group, name, stop)
    try:
        yield held
    finally:
        if held:
            with suppress(Error), connections[using].cursor() as cursor:  # a broken session has no lock any more
                cursor.execute(_UNLOCK, [group, name])


def _acquire(cursor: CursorWrapper, group: str, name: str, stop: Event) -> bool:
    until = monotonic() + PATIENCE
    cursor.execute(_LOCK, [group, name])
    while cursor.fetchone() != (True,):
        if monotonic() > until:
            raise BackfillError(f"another process tells {name} to {group!r} just now: let it finish, or stop it first")
        if stop.wait(0.1):
            return False
        cursor.execute(_LOCK, [group, name])
    return True


def begun(told: Backfill[Any], group: str, *, restart: bool, using: str) -> BackfillRun:
    """The run to go on with; a new one where there is none, of another version, or when asked to `restart`.

    Rows that are made from now on tell of themselves: the largest key there is now is the last one to be told.
    """
    known = BackfillRun.objects.using(using).filter(group=group, name=told.name).first()
    if known is not None and known.version == told.version and not restart:
        return known
    rows = told.rows().using(using)
    last = rows.prefetch_related(None).order_by("-pk").values_list("pk", flat=True).first()
    now = timezone.now()
    beginning = {
        "version": told.version,
        "position": None,
        "ahead": None,
        "last": None if last is None else str(last),
        "done": 0,
        "expected": 0 if last is None else rows.filter(pk__lte=last).count(),
        "started_at": now,
        "moved_at": now,
        "finished_at": None,
    }
    return BackfillRun.objects.using(using).update_or_create(group=group, name=told.name, defaults=beginning)[0]


def remaining(told: Backfill[Any], run: BackfillRun, *, using: str) -> tuple[QuerySet[Any], Any, frozenset[Any]]:
    """What the run has to tell in all, the key up to which everything was told, and keys behind it that were, too."""
    rows = told.rows().using(using)
    key = rows.model._meta.pk
    if run.last is None:
        return rows.none(), None, frozenset()
    after = None if run.position is None else key.to_python(run.position)
    return rows.filter(pk__lte=key.to_python(run.last)), after, frozenset(map(key.to_python, run.ahead or ()))


def moved(run: BackfillRun, chunk: Chunk, *, using: str) -> BackfillRun:
    """Written down in the transaction that published the chunk; `run` stays as it was, in case that does not commit.

    Raises `BackfillError` where somebody else has moved it since.
    """
    now = timezone.now()
    ahead = [str(key) for key in chunk.ahead] or None
    changes: dict[str, Any] = {"moved_at": now, "done": run.done + chunk.rows, "ahead": ahead}
    if chunk.is_end:
        changes["finished_at"] = now
    if chunk.last is not None:
        changes["position"] = str(chunk.last)
    as_known = {"pk": run.pk, "version": run.version, "position": run.position, "done": run.done}
    if not BackfillRun.objects.using(using).filter(**as_known).update(**changes):
        raise BackfillError(f"somebody else has changed the run of {run.name} for {run.group!r}: run the command again")
    after = copy(run)
    for name, value in changes.items():
        setattr(after, name, value)
    return after
