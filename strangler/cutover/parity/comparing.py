"""One comparison from declaration to outcome."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice

from strangler.cutover.parity.declared import Parity
from strangler.cutover.parity.narrowing import Pair, suspects, walk
from strangler.cutover.parity.questions import Row, Shape
from strangler.cutover.parity.remote import Remote, Side
from strangler.cutover.parity.settling import settle
from strangler.cutover.parity.table import Table
from strangler.cutover.service.client import ServiceClient, Traffic
from strangler.errors import ParityError

EXAMPLES = 10
"""Of each kind."""

Progress = Callable[[int, int], None]
"""Rows compared so far, rows there may be."""

Values = dict[str, str | None]


class Kind(StrEnum):
    DIFFERENT = "different"
    MISSING = "missing in the service"
    EXTRA = "extra in the service"


@dataclass(frozen=True, slots=True)
class Example:
    """`ours` and `theirs` have the columns that differ; of a row that one side lacks, all that the other has."""

    kind: Kind
    key: str
    ours: Values
    theirs: Values


@dataclass(slots=True)
class Outcome:
    """`compared` are the monolith's rows. Not `complete`: there were more differences than were looked for."""

    compared: int = 0
    keys: dict[Kind, list[str]] = field(default_factory=lambda: {kind: [] for kind in Kind})
    in_flight: list[str] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)
    complete: bool = True
    traffic: Traffic = field(default_factory=Traffic)
    seconds: float = 0.0

    @property
    def mismatches(self) -> int:
        return sum(map(len, self.keys.values()))


def compare(declared: Parity, *, grace: float, limit: int, progress: Progress) -> Outcome:
    """Raises `ParityError`, `ServiceUnavailable` and `ConfigurationError`, each with the way out.

    It stops at `limit` keys that differ: a service that lacks half of what there is needs a backfill, not a list.
    """
    started = time.monotonic()
    with ServiceClient(declared.context) as client:
        ours, theirs = Table(declared), Remote(client, declared.context, declared.name)
        shape = ours.shape()
        _require_the_same(declared, shape, theirs.shape())
        names = sorted(shape.columns)
        outcome = _differences(ours, theirs, grace=grace, limit=limit, progress=progress)
        outcome.examples = [example for kind in Kind for example in _examples(kind, outcome, ours, theirs, names)]
        outcome.traffic = client.traffic
    outcome.seconds = time.monotonic() - started
    return outcome


def _differences(ours: Table, theirs: Side, *, grace: float, limit: int, progress: Progress) -> Outcome:
    outcome, expected = Outcome(), ours.estimate()

    def compared(rows: int) -> None:
        outcome.compared += rows
        progress(outcome.compared, max(expected, outcome.compared))

    pieces, outcome.complete = walk(ours, theirs, compared=compared, at_most=limit)
    found: dict[str, Pair] = {}
    for some in suspects(pieces, ours, theirs):
        found |= some
        if len(found) > limit:
            outcome.complete = False
            break
    settled = settle(dict(islice(found.items(), limit)), ours, theirs, grace=grace)
    for key, pair in settled.mismatches.items():
        outcome.keys[_kind(pair)].append(key)
    outcome.in_flight = list(settled.in_flight)
    return outcome


def _kind(pair: Pair) -> Kind:
    if pair.theirs is None:
        return Kind.MISSING
    return Kind.EXTRA if pair.ours is None else Kind.DIFFERENT


def _examples(kind: Kind, outcome: Outcome, ours: Side, theirs: Side, names: list[str]) -> Iterator[Example]:
    """Read now: what has come right since it was last looked at is no example any more."""
    keys = outcome.keys[kind][:EXAMPLES]
    if not keys:
        return
    here, there = _by_key(ours.read(keys), names), _by_key(theirs.read(keys), names)
    for key in keys:
        one, other = here.get(key, {}), there.get(key, {})
        differ = [name for name in names if not one or not other or one[name] != other[name]]
        if differ and one != other:
            yield Example(kind, key, _only(differ, one), _only(differ, other))


def _by_key(rows: Sequence[Row], names: list[str]) -> dict[str, Values]:
    return {row.key: dict(zip(names, row.values, strict=True)) for row in rows}


def _only(names: list[str], values: Values) -> Values:
    return {name: values[name] for name in names if name in values}


def _require_the_same(declared: Parity, ours: Shape, theirs: Shape) -> None:
    """Before anything is read: rows of other columns, or of other types, would differ each and all."""
    faults = [f"{name} is only in the monolith" for name in ours.columns if name not in theirs.columns]
    faults += [f"{name} is only in the service" for name in theirs.columns if name not in ours.columns]
    faults += [
        f"{name} is {family} in the monolith and {theirs.columns[name]} in the service"
        for name, family in ours.columns.items()
        if name in theirs.columns and theirs.columns[name] != family
    ]
    if ours.key != theirs.key:
        faults.append(f"the key is {ours.key} in the monolith and {theirs.key} in the service")
    if faults:
        raise ParityError(
            f"{declared.label} does not fit the service's @parity_copy({declared.name!r}): {'; '.join(faults)}. "
            "Declare the same names in .values(...) of both, with a cast where the types differ"
        )
