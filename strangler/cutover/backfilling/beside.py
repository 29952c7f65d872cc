"""Rows whose events tell of other rows, too: those are locked beside them, and are what everybody wants at once.

A thousand entries of a ledger belong to five goods that are on sale. Taken in the order of their keys, each would wait
for another of the five, and each of these is seldom free. So here all is told of which the locks can be had, and what
was passed over is told later; which rows that were, is written down with the position. Where nothing is free, one row
is waited for, alone and with nothing in hand, and then those that need the same locks are told with it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import takewhile
from time import monotonic
from typing import Any

from django.db.models import QuerySet

from strangler.cutover.backfilling.audience import Audience
from strangler.cutover.backfilling.chunk import Chunk, tell_rows
from strangler.cutover.backfilling.declaring import Backfill

MOST_AHEAD = 1_000
"""Rows that may be looked at behind the first that is not told yet."""


def tell_free(
    told: Backfill[Any],
    audience: Audience,
    wanted: QuerySet[Any],
    *,
    after: Any,
    ahead: Collection[Any],
    size: int,
    patient: bool,
    using: str,
) -> Chunk:
    """Of `wanted`, up to `size` rows behind `after` that are not told `ahead`. `patient`: it waits for one."""
    behind = wanted if after is None else wanted.filter(pk__gt=after)
    keys = behind.prefetch_related(None).order_by("pk").values_list("pk", flat=True)
    window = list(keys[: min(size + len(ahead), MOST_AHEAD)])
    left = [key for key in window if key not in ahead]
    held = _locked(told, left[:1], using, skip=False) if patient else set()
    since = monotonic()
    held |= _locked(told, left[1:] if patient else left, using, skip=True)
    rows = tell_rows(told, audience, held, using)
    done = held.union(ahead)
    whole = list(takewhile(done.__contains__, window))
    return Chunk(
        whole[-1] if whole else None,
        rows,
        cut=len(held) < len(left),
        ahead=tuple(key for key in window[len(whole) :] if key in done),
        held=monotonic() - since,
    )


def _locked(told: Backfill[Any], keys: Sequence[Any], using: str, *, skip: bool) -> set[Any]:
    """Those that are ours now, with what is beside them."""
    rows: QuerySet[Any] = QuerySet(told.rows().model, using=using).filter(pk__in=keys).select_related(*told.beside)
    locked = rows.select_for_update(of=("self", *told.beside), no_key=True, skip_locked=skip)
    return {row.pk for row in locked.order_by("pk")} if keys else set()
