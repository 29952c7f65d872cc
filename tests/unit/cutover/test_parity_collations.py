"""Each side's database may sort text in its own way: both compare keys byte by byte."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from strangler.cutover.parity import narrowing, statements
from strangler.cutover.parity.declared import parities
from strangler.cutover.parity.questions import CutSpan, Span
from strangler.cutover.parity.table import Table
from tests.unit.cutover.two_sides import TwoSides, found, kinds, outcome_of

pytestmark = pytest.mark.django_db

ANY_CASE = "CREATE COLLATION IF NOT EXISTS any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
WORDS = ["a", "A", "ä", "Ä", "b", "B", "z", "Z", "_", "-", "a-b", "a b", "ab", "é", "e", "ß", "ss", "10", "9", "", "😀"]


@pytest.fixture
def sides(settings: Any) -> Iterator[TwoSides]:
    sides = TwoSides()
    if not sides.service.rows("SELECT FROM pg_collation WHERE collname = 'sv-x-icu'"):
        pytest.skip("this PostgreSQL has no collation but by code points: ICU is not in its build")
    settings.STRANGLER = {**settings.STRANGLER, "SERVICES": {"sample": sides.settings}}
    sides.both(ANY_CASE)
    yield sides
    sides.both('ALTER TABLE sample_effect ALTER thing TYPE varchar(100) COLLATE "default"')


@pytest.mark.parametrize("monolith", ['"C"', '"und-x-icu"', '"sv-x-icu"'])
@pytest.mark.parametrize("service", ['"C"', '"en-US-x-icu"', "any_case"])
def test_keys_are_found_across_collations(
    sides: TwoSides, monkeypatch: pytest.MonkeyPatch, monolith: str, service: str
) -> None:
    for name, size in {"PIECES_OF_A_STEP": 2, "ROWS_OF_A_PIECE": 3, "PIECES_OF_A_SPLIT": 2, "FEW_ROWS": 1}.items():
        monkeypatch.setattr(narrowing, name, size)
    sides.monolith(f"ALTER TABLE sample_effect ALTER thing TYPE varchar(100) COLLATE {monolith}")
    sides.copy(f"ALTER TABLE sample_effect ALTER thing TYPE varchar(100) COLLATE {service}")
    rows = dict.fromkeys(WORDS, 1)
    sides.fill(rows | {"ö": 1}, rows | {"Z": 2, "zz": 1})
    assert found(outcome_of()) == kinds(different=["Z"], missing=["ö"], extra=["zz"])


@pytest.mark.parametrize("statement", [statements.WALK, statements.SUMS, statements.SPLIT])
def test_no_statement_leaves_the_order_of_keys_to_a_collation(statement: str) -> None:
    """Where the tests' PostgreSQL has none but that of bytes, nothing else would tell."""
    ordered = re.findall(r"(?:ORDER BY|min\(|width_bucket\()\s*(?:k|{key})(.{10})", statement)
    assert ordered
    assert all(following.startswith((" {using}", " {collate}")) for following in ordered)


def test_a_range_is_found_by_the_index_that_django_makes_for_a_key() -> None:
    """Of `unique=True` and `db_index=True`: the one for LIKE, whatever the collation of the column."""
    sides = TwoSides()
    sides.generate(20_000)
    sides.monolith("CREATE INDEX like_of_thing ON sample_effect (thing varchar_pattern_ops)")
    sides.monolith("ANALYZE sample_effect")
    table = Table(parities["sample", "effects"])
    try:
        walked = plan_of(lambda: table.walk("S-0005000", pieces=2, rows=10))
        summed = plan_of(lambda: table.sums([CutSpan(start="S-0005000", end="S-0005010")]))
        many = plan_of(lambda: table.digests([Span(start=f"S-0{n}", end=f"S-0{n}1") for n in range(10)]))
    finally:
        sides.monolith("DROP INDEX like_of_thing")
    assert "Index Scan using like_of_thing" in walked
    assert "Sort Key: sample_effect.thing" not in walked
    assert "like_of_thing" in summed
    assert "Bitmap Index Scan on like_of_thing" in many


def plan_of(ask: Callable[[], object]) -> str:
    with CaptureQueriesContext(connection) as queries:
        ask()
    (asked,) = (query["sql"] for query in queries if "md5" in query["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {asked}")
        return "\n".join(line for (line,) in cursor.fetchall())
