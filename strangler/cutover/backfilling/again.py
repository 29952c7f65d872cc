"""Tells some rows once more, to mend what parity has found."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from threading import Event
from typing import Any

import structlog

from strangler.cutover.backfilling.audience import audience_of
from strangler.cutover.backfilling.chunk import Chunk
from strangler.cutover.backfilling.declaring import Backfill
from strangler.cutover.backfilling.pace import MOST_AT_ONCE, Pace
from strangler.cutover.backfilling.runs import database_of
from strangler.cutover.backfilling.teller import Teller

log = structlog.get_logger(__name__)


def tell_again(told: Backfill[Any], group: str, pks: Iterable[Any]) -> int:
    using, keys = database_of(told), iter(pks)
    audience = audience_of(group, told.context)
    teller = Teller(told, audience, using=using, pace=Pace(), stop=Event(), report=_Log(told.name, group))
    return sum(_tell(teller, told, some, using) for some in iter(lambda: list(islice(keys, MOST_AT_ONCE)), []))


def _tell(teller: Teller, told: Backfill[Any], pks: list[Any], using: str) -> int:
    wanted, after, rows, at_end = told.rows().using(using).filter(pk__in=pks), None, 0, False
    ahead: frozenset[Any] = frozenset()
    while not at_end:
        chunk = teller.next(wanted, after, ahead, _note_nothing)
        if chunk is not None:
            rows, at_end, ahead = rows + chunk.rows, chunk.is_end, frozenset(chunk.ahead)
            after = after if chunk.last is None else chunk.last
    return rows


def _note_nothing(_: Chunk) -> None: ...


class _Log:
    """Says once why it waits."""

    def __init__(self, name: str, group: str) -> None:
        self._who = {"backfill": name, "group": group}
        self._said = False

    def waits(self, reason: str) -> None:
        if not self._said:
            log.warning("telling_again_waits", reason=reason, **self._who)
        self._said = True
