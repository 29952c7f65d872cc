"""What `@backfill` refuses, in words that name what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import pytest

from strangler.cutover import backfill
from strangler.cutover.backfilling import Backfill, backfills
from strangler.cutover.backfilling.checks import check_backfills
from strangler.errors import BackfillError
from strangler.messaging import Event
from tests.sample.models import Item


@pytest.fixture(autouse=True)
def _none_known() -> Iterator[None]:
    known = dict(backfills)
    backfills.clear()
    yield
    backfills.clear()
    backfills.update(known)


def tell(items: Sequence[Item]) -> Iterable[Event]:
    return []


def tell_too(items: Sequence[Item]) -> Iterable[Event]:
    return []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"name": "orders"}, "'<context>.<what>' in lower case"),
        ({"name": "Orders.orders"}, "'<context>.<what>' in lower case"),
        ({"name": "a." + "b" * 127}, "127 characters"),
        ({"version": 0}, "version=0 must be a whole number from 1"),
        ({"version": True}, "version=True"),
    ],
)
def test_a_wrong_declaration_says_what_is_wrong(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(BackfillError, match=said):
        backfill(**{"name": "sample.things", "rows": Item.objects.all, **arguments})


def test_one_name_is_one_backfill() -> None:
    backfill("sample.things", rows=Item.objects.all)(tell)
    backfill("sample.things", rows=Item.objects.all)(tell)  # a module that is imported again
    with pytest.raises(BackfillError, match=r"declared twice, by .*\.tell and by .*\.tell_too"):
        backfill("sample.things", rows=Item.objects.all)(tell_too)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (lambda: [1, 2], "returns list, it takes a function to a QuerySet"),
        (lambda: Item.objects.all()[:5], "a slice or a union"),
        (lambda: Item.objects.all().union(Item.objects.all()), "a slice or a union"),
    ],
)
def test_rows_that_cannot_be_taken_in_chunks_are_refused(rows: Callable[[], Any], said: str) -> None:
    with pytest.raises(BackfillError, match=f"sample.things: .*{said}"):
        Backfill("sample.things", rows, tell, 1).rows()


def test_a_backfill_stands_in_the_app_that_owns_the_events() -> None:
    made = backfill("orders.things", rows=Item.objects.all)(tell)
    made.module = "tests.sample.backfill"
    (problem,) = check_backfills(None)
    assert problem.id == "strangler.E320"
    assert "'orders.things', but stands in app 'sample'" in problem.msg
    made.context = "sample"
    assert check_backfills(None) == []


def test_the_function_can_still_be_called() -> None:
    assert list(backfill("sample.things", rows=Item.objects.all)(tell)([])) == []
