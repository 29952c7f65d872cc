"""Where two answers differ, what may differ, and how a thousand mismatches become one cause."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from strangler.cutover.shadow.comparing import Rules, cause_of


class Line(BaseModel):
    price: Decimal


@dataclass
class Sales:
    day: date
    lines: list[Line]


ONE = Sales(date(2026, 1, 1), [Line(price=Decimal("1.10")), Line(price=Decimal("2.00"))])


def differences(ours: object, theirs: object, rules: Rules | None = None) -> list[str]:
    rules = rules or Rules()
    return rules.differences(rules.plain(ours), rules.plain(theirs))


@pytest.mark.parametrize(
    ("ours", "theirs", "places"),
    [
        (1, 1, []),
        (1, 2, ["(whole)"]),
        (1, True, ["(whole)"]),
        (None, {}, ["(whole)"]),
        ({"a": 1}, {"a": 1, "b": None}, ["b"]),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, ["a.b[*]"]),
        ([{"p": 1}, {"p": 2}], [{"p": 3}, {"p": 4}], ["[*].p"]),
        ([1, 2], [1], ["[*]"]),
        (ONE, {"day": "2026-01-01", "lines": [{"price": "1.10"}, {"price": "2.00"}]}, []),
        (ONE, {"day": "2026-01-01", "lines": [{"price": "1.1"}, {"price": "2.00"}]}, ["lines[*].price"]),
    ],
)
def test_the_places_where_answers_differ(ours: object, theirs: object, places: list[str]) -> None:
    assert differences(ours, theirs) == places


@pytest.mark.parametrize(
    ("ignored", "left"),
    [
        ("at", ["lines[*].id", "lines[*].price", "more.at"]),
        ("lines[*].id", ["at", "lines[*].price", "more.at"]),
        ("lines", ["at", "more.at"]),
        ("line", ["at", "lines[*].id", "lines[*].price", "more.at"]),
        ("more", ["at", "lines[*].id", "lines[*].price"]),
    ],
)
def test_what_is_ignored_is_ignored_with_all_below_it_and_nothing_else(ignored: str, left: list[str]) -> None:
    ours = {"at": 1, "lines": [{"id": 1, "price": 1}], "more": {"at": 1}}
    theirs = {"at": 2, "lines": [{"id": 2, "price": 2}], "more": {"at": 2}}
    assert differences(ours, theirs, Rules(ignore=(ignored,))) == left


def test_answers_are_compared_as_normalised() -> None:
    rules = Rules(normalise=sorted)
    assert differences([2, 1], [1, 2], rules) == []
    assert differences([2, 1], [1, 3], rules) == ["[*]"]


def test_what_json_cannot_say_is_compared_by_its_repr() -> None:
    class Odd:
        def __init__(self, name: str) -> None:
            self.name = name

        def __repr__(self) -> str:
            return f"Odd({self.name})"

    assert differences({"x": Odd("a")}, {"x": Odd("a")}) == []
    assert differences({"x": Odd("a")}, {"x": Odd("b")}) == ["x"]


def test_a_cause_stays_short() -> None:
    places: list[Any] = [f"p{n}" for n in range(7)]
    assert cause_of(places) == "p0, p1, p2, p3, p4 and 2 more"
    assert cause_of([]) == ""
