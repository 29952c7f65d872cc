"""Which events a transaction has published, and which changes they do not tell of."""

from __future__ import annotations

from collections import defaultdict

from strangler.cutover.silent_writes.declared import Declared

MOST = 100_000
"""Ids of one transaction that are told apart; what comes behind them is counted only, so that memory stays bounded."""


class Told:
    """Of one transaction."""

    def __init__(self) -> None:
        self._ids: defaultdict[str, set[str]] = defaultdict(set)
        self._uncounted: defaultdict[str, int] = defaultdict(int)

    def add(self, aggregate_type: str, aggregate_id: str) -> None:
        ids = self._ids[aggregate_type]
        if len(ids) < MOST:
            ids.add(aggregate_id)
        elif aggregate_id not in ids:
            self._uncounted[aggregate_type] += 1

    def of(self, declared: Declared) -> Told:
        """What tells of that model."""
        some = Told()
        for aggregate_type in filter(declared.is_told_by, self._ids):
            some._ids[aggregate_type] = self._ids[aggregate_type]
            some._uncounted[aggregate_type] = self._uncounted[aggregate_type]
        return some

    def has(self, aggregate_id: str) -> bool:
        return any(aggregate_id in ids for ids in self._ids.values())

    @property
    def count(self) -> int:
        """Different aggregates, as far as they were told apart."""
        return sum(map(len, self._ids.values())) + self.uncounted

    @property
    def uncounted(self) -> int:
        return sum(self._uncounted.values())
