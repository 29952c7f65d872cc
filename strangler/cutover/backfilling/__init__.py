"""Rows that were there before become events for one consumer group, interleaved with what happens meanwhile.

The outbox is the log that watermarks are put into elsewhere (DBLog, <https://arxiv.org/abs/2010.12597>; Debezium's
incremental snapshots): whoever publishes about a row holds its lock, so a chunk that is locked, read and published in
one transaction has its place among the live events of each key. See docs/adr/0016.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strangler.cutover.backfilling.declaring import Backfill, backfill, backfills

if TYPE_CHECKING:
    from strangler.cutover.backfilling.runs import backfill_state, is_complete

__all__ = ["Backfill", "backfill", "backfill_state", "backfills", "is_complete"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from strangler.cutover.backfilling import runs  # imports the model: only once the app registry is ready

    return getattr(runs, name)
