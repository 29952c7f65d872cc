"""What one committed transaction has changed and published, and what of it nobody was told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from strangler.cutover.silent_writes.declared import Declared
from strangler.cutover.silent_writes.told import MOST, Told

_EXAMPLES = 20


@dataclass(frozen=True)
class SilentChange:
    """Rows of one model in one transaction. `changed` counts all of them, by kind; `silent` those without their event,
    of which `primary_keys` are the first few. `events` counts the aggregates that the transaction did tell of.
    """

    transaction: int
    committed_at: datetime
    model: str
    changed: dict[str, int]
    silent: int
    primary_keys: tuple[str, ...]
    events: int

    def as_json(self) -> dict[str, object]:
        return {**asdict(self), "committed_at": self.committed_at.isoformat()}

    def line(self) -> str:
        kinds = ", ".join(f"{kind} {count}" for kind, count in self.changed.items())
        more = ", …" if self.silent > len(self.primary_keys) else ""
        return (
            f"{self.committed_at.isoformat()} transaction {self.transaction}: {self.model}: {self.silent} of "
            f"{sum(self.changed.values())} rows changed without their event ({kinds}; primary keys "
            f"{', '.join(self.primary_keys) or 'unknown'}{more})"
        )


class Tally:
    """The changed rows of one model. Rows whose key the log does not know (most deleted ones) are `loose`."""

    def __init__(self, declared: Declared) -> None:
        self._declared = declared
        self._changed: Counter[str] = Counter()
        self._keyed: dict[str, str] = {}
        self._loose = 0
        self._examples: list[str] = []

    def add(self, kind: str, values: Mapping[str, str | None]) -> None:
        self._changed[kind] += 1
        key = values.get(str(self._declared.key.column)) if self._declared.key is not None else None
        primary_key = ",".join(values.get(column) or "?" for column in self._declared.primary_key)
        if key is not None and (key in self._keyed or len(self._keyed) < MOST):
            self._keyed[key] = primary_key
        else:
            self._loose += 1
            if values and len(self._examples) < _EXAMPLES:
                self._examples.append(primary_key)

    def silent(self, told: Told, transaction: int, committed_at: datetime) -> SilentChange | None:
        count, examples = self._untold(told)
        if not count:
            return None
        keys = tuple(dict.fromkeys(examples))[: min(count, _EXAMPLES)]
        return SilentChange(
            transaction, committed_at, self._declared.label, dict(self._changed), count, keys, told.count
        )

    def _untold(self, told: Told) -> tuple[int, list[str]]:
        """How many rows, and primary keys of some. Without a key declared, any event tells of all rows."""
        if self._declared.key is None:
            return (0, []) if told.count else (self._loose, self._examples)
        untold = [primary_key for key, primary_key in self._keyed.items() if not told.has(key)]
        spare = told.count - (len(self._keyed) - len(untold))  # told of, and no row with a known key: loose ones
        if told.uncounted:
            return max(0, len(untold) + self._loose - spare), []
        loose = max(0, self._loose - spare)
        return len(untold) + loose, [*untold, *(self._examples if loose else ())]


class OpenTransaction:
    """Of which the log has told the beginning."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.told = Told()
        self._tallies: dict[str, tuple[Declared, Tally]] = {}

    def changed(self, declared: Declared, kind: str, values: Mapping[str, str | None]) -> None:
        _, tally = self._tallies.setdefault(declared.label, (declared, Tally(declared)))
        tally.add(kind, values)

    def commit(self, at: datetime) -> Iterator[SilentChange]:
        for declared, tally in self._tallies.values():
            if found := tally.silent(self.told.of(declared), self.number, at):
                yield found
