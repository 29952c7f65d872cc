"""From whole tables down to the few keys that differ: equal ranges are left alone, different ones cut into pieces.

The first level goes through the monolith's rows once, some pieces at a time, each of them a statement here and a
request to the service. Each level below takes all pieces that differ, however far apart they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import NamedTuple, TypeVar

from strangler.cutover.parity.questions import SPANS_AT_ONCE, Checksum, CutSpan, Digest, Span
from strangler.cutover.parity.remote import Side
from strangler.cutover.parity.table import Table

PIECES_OF_A_STEP = 64
ROWS_OF_A_PIECE = 1_000
PIECES_OF_A_SPLIT = 32
FEW_ROWS = 64
"""Of which the digests are fetched one by one."""

NOTHING = Checksum(0, 0)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Piece:
    """A range of keys, with what each side says of it."""

    start: str | None
    end: str | None
    ours: Checksum
    theirs: Checksum

    @property
    def span(self) -> Span:
        return Span(start=self.start, end=self.end)

    @property
    def rows(self) -> int:
        return max(self.ours.rows, self.theirs.rows)


class Pair(NamedTuple):
    """Digests of one key's row; None where a side has none."""

    ours: int | None
    theirs: int | None


def walk(ours: Table, theirs: Side, *, compared: Callable[[int], None], at_most: int) -> tuple[list[Piece], bool]:
    """Pieces that differ, in order; and whether that is all. `compared` is told of numbers of rows."""
    different: list[Piece] = []
    start: str | None = None
    while len(different) < at_most:
        cuts, after = ours.walk(start, pieces=PIECES_OF_A_STEP, rows=ROWS_OF_A_PIECE)
        span = CutSpan(start=start, end=after, cuts=tuple(cut.start for cut in cuts[1:]))
        (answer,) = theirs.sums([span])
        different += _different(span, [cut.checksum for cut in cuts] or [NOTHING], answer)
        compared(sum(cut.rows for cut in cuts))
        start = after
        if start is None:
            return different, True
    return different, False


def suspects(pieces: Sequence[Piece], ours: Side, theirs: Side) -> Iterator[dict[str, Pair]]:
    """Keys whose digests differ, a bounded number at a time. What has become equal meanwhile is none of them."""
    while pieces:
        for some in in_batches([piece for piece in pieces if piece.rows <= FEW_ROWS], SPANS_AT_ONCE):
            spans = [piece.span for piece in some]
            yield differing(ours.digests(spans), theirs.digests(spans))
        large = [piece for piece in pieces if piece.rows > FEW_ROWS]
        pieces = [piece for some in in_batches(large, SPANS_AT_ONCE) for piece in _split(some, ours, theirs)]


def differing(ours: Sequence[Digest], theirs: Sequence[Digest]) -> dict[str, Pair]:
    here, there = dict(ours), dict(theirs)
    pairs = {key: Pair(here.get(key), there.get(key)) for key in {**here, **there}}
    return {key: pair for key, pair in pairs.items() if pair.ours != pair.theirs}


def in_batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    left = iter(items)
    while some := list(islice(left, size)):
        yield some


def _split(pieces: list[Piece], ours: Side, theirs: Side) -> list[Piece]:
    """Each is cut by the side that has more rows of it: a range that is empty here would never get smaller by us."""
    by_us = _cut([piece for piece in pieces if piece.ours.rows >= piece.theirs.rows], ours, theirs)
    by_them = _cut([piece for piece in pieces if piece.ours.rows < piece.theirs.rows], theirs, ours)
    smaller: list[Piece] = []
    for piece in pieces:
        if piece in by_us:
            span, here, there = by_us[piece]
        else:
            span, there, here = by_them[piece]
        smaller += _different(span, here, there)
    return smaller


def _cut(pieces: list[Piece], cutter: Side, other: Side) -> dict[Piece, tuple[CutSpan, list[Checksum], list[Checksum]]]:
    """What both say of the pieces of each, the cutter first."""
    if not pieces:
        return {}
    cuts = cutter.split([piece.span for piece in pieces], PIECES_OF_A_SPLIT)
    spans = [
        CutSpan(start=piece.start, end=piece.end, cuts=tuple(cut.start for cut in of_piece[1:]))
        for piece, of_piece in zip(pieces, cuts, strict=True)
    ]
    answers = other.sums(spans)
    chosen = [[cut.checksum for cut in of_piece] or [NOTHING] for of_piece in cuts]
    return dict(zip(pieces, zip(spans, chosen, answers, strict=True), strict=True))


def _different(span: CutSpan, ours: Sequence[Checksum], theirs: Sequence[Checksum]) -> list[Piece]:
    bounds = pairwise([span.start, *span.cuts, span.end])
    pieces = [Piece(*bound, *sums) for bound, *sums in zip(bounds, ours, theirs, strict=True)]
    return [piece for piece in pieces if piece.ours != piece.theirs]
