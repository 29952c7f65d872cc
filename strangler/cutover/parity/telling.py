"""A comparison in words: how far it is, what it found, and what to do about that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from strangler.cutover.parity.comparing import Example, Kind, Outcome, Values
from strangler.cutover.parity.declared import Parity

_NAMED = 10


class Output(Protocol):
    def write(self, msg: str = "", style_func: None = None, ending: str | None = None) -> object: ...

    def isatty(self) -> bool: ...

    def flush(self) -> None: ...


class Meter:
    """One line that is written over again on a terminal; elsewhere a line for each tenth."""

    def __init__(self, output: Output, title: str) -> None:
        self._output = output
        self._title = title
        self._tenths = 0

    def compared(self, rows: int, expected: int) -> None:
        """`expected` is an estimate: the last step may come early or late."""
        share = rows / expected if expected else 1.0
        line = f"{self._title}: {rows:,} of about {expected:,} rows, {share:.0%}"
        if self._output.isatty():
            self._output.write(f"\r\x1b[K{line}", ending="")
            self._output.flush()
        elif int(share * 10) > self._tenths:
            self._tenths = int(share * 10)
            self._output.write(line)

    def end(self) -> None:
        if self._output.isatty():
            self._output.write("\r\x1b[K", ending="")


def mismatches(number: int) -> str:
    return f"{number:,} mismatch{'' if number == 1 else 'es'}"


def summary(outcome: Outcome) -> str:
    kinds = ", ".join(f"{len(keys):,} {kind}" for kind, keys in outcome.keys.items() if keys)
    wrong = f"{mismatches(outcome.mismatches)} ({kinds})" if kinds else "no mismatches"
    return f"{outcome.compared:,} rows compared, {wrong}, {len(outcome.in_flight):,} in flight"


def lines(outcome: Outcome) -> Iterator[str]:
    """What it took, and examples of what it found."""
    traffic = outcome.traffic
    yield f"{traffic.requests:,} requests, {traffic.sent + traffic.received:,} bytes, {outcome.seconds:.1f} s"
    yield from (f"{example.kind}: {example.key}: {_told(example)}" for example in outcome.examples)
    if outcome.in_flight:
        yield f"in flight, still changing when last looked at: {_named(outcome.in_flight)}"


def advice(declared: Parity, outcome: Outcome, told: Mapping[str, int] | None) -> Iterator[str]:
    """`told` is how many rows were told again, by group; None where nobody asked for that, or nothing could."""
    mendable = len(outcome.keys[Kind.DIFFERENT]) + len(outcome.keys[Kind.MISSING])
    extra = outcome.keys[Kind.EXTRA]
    for group, rows in (told or {}).items():
        yield (
            f"{rows:,} of {mendable:,} rows told again, by events to group {group}: once they are handled, the next "
            "run shows whether that has mended them"
        )
    if mendable and told is None:
        yield (
            "--repair tells again, by events, the rows that differ or are missing"
            if declared.backfill
            else "not repaired, and can't be: @parity names no backfill= by which --repair could tell these rows again"
        )
    if extra:
        yield (
            f"only in the service: {_named(extra)}: no event tells of what is not there. Find out what made them or "
            "kept them, then delete them with the service's own means"
        )
    if not outcome.complete:
        yield (
            "there are more differences than --limit, and the rest was not looked for: has `manage.py backfill` run, "
            "and do the service's consumers?"
        )


def _told(example: Example) -> str:
    if example.ours and example.theirs:
        return ", ".join(
            f"{name} is {_shown(value)} in the monolith and {_shown(example.theirs[name])} in the service"
            for name, value in example.ours.items()
        )
    return _all(example.ours or example.theirs)


def _all(values: Values) -> str:
    return ", ".join(f"{name} {_shown(value)}" for name, value in values.items())


def _shown(value: str | None) -> str:
    return "NULL" if value is None else repr(value if len(value) <= 100 else f"{value[:100]}…")


def _named(keys: Sequence[str]) -> str:
    more = len(keys) - _NAMED
    return ", ".join(keys[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")
