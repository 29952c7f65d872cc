"""What one connection has written and published since its last verdict, as far as it was not rolled back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from strangler.cutover.silent_writes.declared import Declared
from strangler.cutover.silent_writes.told import Told
from strangler.testing.silent_writes.places import Place

_EACH_ROW_ONCE = {"INSERT", "COPY", "DELETE"}


@dataclass(frozen=True)
class Write:
    """`rows` is None where the cursor does not know. `outside`: there was no `atomic()` block round it."""

    declared: Declared
    verb: str
    rows: int | None
    place: Place
    outside: bool


@dataclass(frozen=True)
class Publication:
    """Events as `(aggregate_type, aggregate_id)`; None where a statement on the outbox does not show them."""

    events: Sequence[tuple[str, str]] | None


@dataclass(frozen=True)
class Silent:
    """A write that no event tells of. `events`: how many different aggregates its transaction told of, too few."""

    write: Write
    events: int


class Journal:
    """Entries belong to the atomic block at whose depth they were made, and to the one round it when that has ended."""

    def __init__(self) -> None:
        self._entries: list[tuple[int, Write | Publication]] = []
        self._savepoints: dict[str, int] = {}

    def note(self, entry: Write | Publication, *, depth: int) -> None:
        self._entries.append((depth, entry))

    def savepoint(self, name: str) -> None:
        self._savepoints[name] = len(self._entries)

    def rolled_back_to(self, name: str) -> None:
        del self._entries[self._savepoints.get(name, len(self._entries)) :]

    def block_kept(self, depth: int) -> None:
        self._entries = [(min(each, depth - 1), entry) for each, entry in self._entries]

    def block_undone(self, depth: int) -> None:
        self._entries = [(each, entry) for each, entry in self._entries if each < depth]

    def close(self) -> list[Silent]:
        """The unit of work is over: what of it was silent?"""
        entries = [entry for _, entry in self._entries]
        self._entries.clear()
        self._savepoints.clear()
        return silent_of(entries)


def silent_of(unit: Iterable[Write | Publication]) -> list[Silent]:
    """What of a unit of work was silent."""
    return list(_silent(unit))


def _silent(entries: Iterable[Write | Publication]) -> Iterator[Silent]:
    told, writes = Told(), defaultdict[str, list[Write]](list)
    for entry in entries:
        if isinstance(entry, Write):
            writes[entry.declared.label].append(entry)
        elif entry.events is None:
            return  # somebody's own SQL on the outbox: taken for the right events
        else:
            for event in entry.events:
                told.add(*event)
    for of_a_model in writes.values():
        events = told.of(of_a_model[0].declared).count
        for write in _not_told(of_a_model, events):
            yield Silent(write, events)


def _not_told(writes: Sequence[Write], events: int) -> Iterable[Write]:
    """All where there is no event. With a key of its own for each row, also what changed more rows than events tell of:
    one statement changes a row once, and what is inserted or deleted twice in a transaction is not the same row.
    """
    if not events:
        return writes
    if not writes[0].declared.has_a_row_for_each_key:
        return ()
    return [write for write in writes if _rows_at_least(write, writes) > events]


def _rows_at_least(write: Write, writes: Sequence[Write]) -> int:
    same = [each.rows or 0 for each in writes if each.verb == write.verb]
    return sum(same) if write.verb in _EACH_ROW_ONCE else write.rows or 0
