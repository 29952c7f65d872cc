"""One chunk: rows locked, read, told and published in one transaction, so that it has its place among live events.

Whoever changes a row holds its lock before publishing. So an event about it is either in the outbox before ours, and
what we read includes it, or it comes after ours.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import takewhile
from typing import Any, NamedTuple

from django.db import connections, transaction
from django.db.models import Model, QuerySet

from strangler.cutover.backfilling.audience import Audience
from strangler.cutover.backfilling.declaring import Backfill
from strangler.outbox.publishing import publish_for

LOCK_TIMEOUT_MS = 200
"""And at most half of `deadlock_timeout`: in a deadlock this side gives up first, never the live one."""
# What is read after a lock must be what is committed by then, whatever the project's isolation level.
_ISOLATION = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED"
_LOCK_TIMEOUT = """
    SELECT set_config('lock_timeout', greatest(1, least(%s::int,
        (extract(epoch FROM current_setting('deadlock_timeout')::interval) * 500)::int))::text, true)
"""


class Chunk(NamedTuple):
    """`last` is the primary key of the last row that was dealt with; None: there was none left. `rows` were told.

    `cut`: it ends before a row that somebody else holds. Where that is the first one, nothing was done.

    Where other rows are locked beside (beside.py), rows behind `last` may be told, which are `ahead`; `held` is for how
    many seconds locks were.
    """

    last: Any
    rows: int
    cut: bool
    ahead: tuple[Any, ...] = ()
    held: float | None = None

    @property
    def is_end(self) -> bool:
        return self.last is None and not self.cut

    @property
    def is_nothing(self) -> bool:
        return self.last is None and self.cut and not self.rows


@contextmanager
def short_transaction(using: str) -> Iterator[None]:
    """Raises Django's `OperationalError` when it waited too long for a lock."""
    with transaction.atomic(using=using, durable=True):
        with connections[using].cursor() as cursor:
            cursor.execute(_ISOLATION)
            cursor.execute(_LOCK_TIMEOUT, [LOCK_TIMEOUT_MS])
        yield


def tell_next(
    told: Backfill[Any], audience: Audience, wanted: QuerySet[Any], *, after: Any, size: int, using: str
) -> Chunk:
    """Of `wanted`, up to `size` rows behind the primary key `after`. For the transaction in force, a short one.

    What was read before the locks is only which rows there are; the rows and whatever belongs to them are read after.
    """
    behind = wanted if after is None else wanted.filter(pk__gt=after)
    keys = list(behind.prefetch_related(None).order_by("pk").values_list("pk", flat=True)[:size])
    held = _lock(told.rows().model, keys, using)
    mine = list(takewhile(held.__contains__, keys))
    rows = tell_rows(told, audience, mine, using)
    return Chunk(mine[-1] if mine else None, rows, cut=len(mine) < len(keys))


def tell_rows(told: Backfill[Any], audience: Audience, keys: Collection[Any], using: str) -> int:
    """Rows that are locked, read now and published. Returns how many there are still."""
    rows = list(told.rows().using(using).filter(pk__in=keys).order_by("pk")) if keys else []
    if rows:
        publish_for(audience.group, list(audience.chosen(_told(told, rows))), using=using)
    return len(rows)


def _lock(model: type[Model], keys: Sequence[Any], using: str) -> set[Any]:
    """Those that are ours now. Of several rows, what is free: nothing is waited for while other rows are held, so that
    nobody waits long for us and no deadlock comes of it. One row alone is waited for.

    Without touching the key: rows that refer to these can still be made. A model that inherits from others has its
    row in several tables, in which Django writes from the root.
    """
    held = set(keys)
    whole = model._meta.concrete_model or model
    for table in (*reversed(whole._meta.all_parents), whole):
        rows: QuerySet[Any] = QuerySet(table, using=using).filter(pk__in=held).order_by("pk")  # no manager hides any
        locked = rows.select_for_update(no_key=True, skip_locked=len(keys) > 1)
        held = set(locked.values_list("pk", flat=True))
    return held


def _told(told: Backfill[Any], rows: Sequence[Any]) -> list[Any]:
    try:
        return list(told(rows))
    except Exception as error:
        keys = f"{getattr(rows[0], 'pk', '?')} to {getattr(rows[-1], 'pk', '?')}"
        error.add_note(f"while {told.place} told {len(rows)} rows, primary keys {keys}")
        raise
