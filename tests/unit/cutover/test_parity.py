"""Exactly the rows that differ are found, wherever they are, and next to nothing is read for the others."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from strangler.cutover.parity import narrowing
from strangler.cutover.parity.comparing import Kind
from tests.unit.cutover.two_sides import TwoSides, found, kinds, outcome_of

pytestmark = pytest.mark.django_db

THINGS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=6)
TABLES = st.dictionaries(THINGS, st.integers(0, 2), max_size=30)


@pytest.fixture
def sides(settings: Any) -> TwoSides:
    sides = TwoSides()
    settings.STRANGLER = {**settings.STRANGLER, "SERVICES": {"sample": sides.settings}}
    return sides


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table of thirty rows is gone through, split and looked into as one of many millions is."""
    sizes = {"PIECES_OF_A_STEP": 3, "ROWS_OF_A_PIECE": 4, "PIECES_OF_A_SPLIT": 2, "FEW_ROWS": 1, "SPANS_AT_ONCE": 2}
    for name, size in sizes.items():
        monkeypatch.setattr(narrowing, name, size)


def test_equal_tables_are_equal_whatever_the_order_of_their_rows(sides: TwoSides) -> None:
    rows = {f"S-{number}": number for number in range(300)}
    sides.fill(rows, dict(reversed(rows.items())))
    outcome = outcome_of()
    assert (outcome.compared, outcome.mismatches, outcome.complete) == (300, 0, True)
    assert outcome.traffic.requests == 2


@hypothesis_settings(
    max_examples=60, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(same=TABLES, ours=TABLES, theirs=TABLES)
def test_exactly_what_differs_is_found(
    sides: TwoSides, small_steps: None, same: dict[str, int], ours: dict[str, int], theirs: dict[str, int]
) -> None:
    monolith, service = {**ours, **same}, {**theirs, **same}
    sides.fill(monolith, service)
    outcome = outcome_of()
    assert found(outcome) == kinds(
        different=[thing for thing in monolith if thing in service and monolith[thing] != service[thing]],
        missing=monolith.keys() - service.keys(),
        extra=service.keys() - monolith.keys(),
    )
    assert (outcome.compared, outcome.complete, outcome.in_flight) == (len(monolith), True, [])


def test_rows_of_the_service_before_between_and_after_all_of_the_monoliths(sides: TwoSides) -> None:
    sides.fill({"f": 1, "m": 1}, {"a": 1, "f": 1, "g": 1, "m": 1, "z": 1})
    assert found(outcome_of()) == kinds(extra=["a", "g", "z"])


@pytest.mark.parametrize("side", ["monolith", "service"])
def test_one_side_that_is_empty(sides: TwoSides, side: str) -> None:
    """Then the other one says where to cut."""
    sides.generate(3_000)
    (sides.copy if side == "monolith" else sides.monolith)("TRUNCATE sample_effect")
    outcome = outcome_of()
    kind = Kind.MISSING if side == "monolith" else Kind.EXTRA
    assert found(outcome) == {str(kind): {f"S-{number:07}" for number in range(1, 3_001)}}
    assert outcome.traffic.requests < 200


def test_two_tables_without_rows_are_equal(sides: TwoSides) -> None:
    assert outcome_of().mismatches == 0


def test_three_wrong_rows_of_a_hundred_thousand_cost_a_thousandth_of_reading_them(sides: TwoSides) -> None:
    """Beside the bodies that would carry the key and the digest of every row, the least that finds the same."""
    sides.generate(100_000)
    sides.copy("UPDATE sample_effect SET step = 100 WHERE thing = 'S-0012345'")
    sides.copy("DELETE FROM sample_effect WHERE thing = 'S-0099999'")
    sides.monolith("DELETE FROM sample_effect WHERE thing = 'S-0050000'")
    outcome = outcome_of()
    assert found(outcome) == kinds(different=["S-0012345"], missing=["S-0099999"], extra=["S-0050000"])
    everything = 100_000 * len('["S-0012345",123456789012345678],')
    assert outcome.traffic.sent + outcome.traffic.received < everything / 100
    assert outcome.traffic.requests < 20
    assert outcome.compared == 99_999


def test_a_range_that_is_equal_is_not_asked_about_again(sides: TwoSides) -> None:
    """So the bytes of three wrong rows are the same, however large the equal rest of their pieces' neighbours is."""
    sides.generate(50_000)
    equal = outcome_of().traffic
    sides.copy("UPDATE sample_effect SET step = 100 WHERE thing = 'S-0012345'")
    wrong = outcome_of().traffic
    assert wrong.requests <= equal.requests + 8
    assert wrong.received - equal.received < 10_000


def test_whole_numbers_are_keys_in_their_own_order(sides: TwoSides) -> None:
    sides.generate(2_000)
    sides.copy("UPDATE sample_effect SET step = 100 WHERE id IN (9, 10, 1999)")
    assert found(outcome_of("numbered")) == kinds(different=["9", "10", "1999"])


def test_too_many_differences_are_not_all_looked_for(sides: TwoSides) -> None:
    sides.generate(20_000)
    sides.copy("TRUNCATE sample_effect")
    outcome = outcome_of(limit=10)
    assert (outcome.complete, outcome.mismatches) == (False, 10)
    assert outcome.compared == 20_000
    assert outcome.traffic.requests < 10


def test_what_differs_is_shown_with_both_values(sides: TwoSides) -> None:
    sides.fill({"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 20, "d": 4})
    examples = {example.key: (example.kind, example.ours, example.theirs) for example in outcome_of().examples}
    assert examples == {
        "b": (Kind.DIFFERENT, {"step": "2"}, {"step": "20"}),
        "c": (Kind.MISSING, {"consumer_group": "sample", "step": "3", "thing": "c"}, {}),
        "d": (Kind.EXTRA, {}, {"consumer_group": "sample", "step": "4", "thing": "d"}),
    }
