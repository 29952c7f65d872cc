"""Is a question fit for the database: keys that it can read, spans in order? What is wrong is named by its field."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from strangler.cutover.parity.columns import Order
from strangler.cutover.parity.questions import AskLook, AskRead, AskShape, CutSpan, Question, Span

Placed = tuple[str, str]
"""A key, after its place in the question: `spans.0.start`."""


def fault_in(asked: Question, order: Order) -> str:
    """Empty where there is none. Spans are in order and apart, cuts strictly: the database would not notice."""
    if isinstance(asked, AskShape):
        return ""
    if isinstance(asked, AskLook | AskRead):
        placed = [(f"keys.{n}", key) for n, key in enumerate(asked.keys)]
        return _unreadable(placed, order)
    placed = [item for n, span in enumerate(asked.spans) for item in _keys_of(span, f"spans.{n}")]
    return _unbounded(asked.spans) or _unreadable(placed, order) or _out_of_order(placed, order)


def _keys_of(span: Span, place: str) -> Iterator[Placed]:
    if span.start is not None:
        yield f"{place}.start", span.start
    if isinstance(span, CutSpan):
        yield from ((f"{place}.cuts.{n}", key) for n, key in enumerate(span.cuts))
    if span.end is not None:
        yield f"{place}.end", span.end


def _unbounded(spans: tuple[Span, ...]) -> str:
    for n, (span, following) in enumerate(pairwise(spans)):
        if span.end is None:
            return f"spans.{n}.end: only the last span may be without one"
        if following.start is None:
            return f"spans.{n + 1}.start: only the first span may be without one"
    return ""


def _unreadable(placed: list[Placed], order: Order) -> str:
    for place, key in placed:
        try:
            order.parse(key)
        except ValueError as error:
            return f"{place}: no key of type {order.type}: {error}"
    return ""


def _out_of_order(placed: list[Placed], order: Order) -> str:
    """A span may begin where the one before it ended."""
    for (_, one), (place, other) in pairwise(placed):
        before, after = order.parse(one), order.parse(other)
        if after < before or (after == before and not place.endswith(".start")):
            return f"{place}: {other!r} does not come after {one!r}"
    return ""
