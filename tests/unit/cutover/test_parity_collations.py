"""Each side's database may sort text in its own way: both compare keys byte by byte."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from strangler.cutover.parity import narrowing
from strangler.cutover.parity.declared import parities
from strangler.cutover.parity.table import Table
from tests.unit.cutover.two_sides import TwoSides, found, kinds, outcome_of

pytestmark = pytest.mark.django_db(transaction=True)

WORDS = ["a", "A", "ä", "Ä", "b", "B", "z", "Z", "_", "-", "a-b", "a b", "ab", "é", "e", "ß", "ss", "10", "9", "", "😀"]


@pytest.fixture
def sides(settings: Any) -> Iterator[TwoSides]:
    sides = TwoSides()
    settings.STRANGLER = {**settings.STRANGLER, "SERVICES": {"sample": sides.settings}}
    sides.both(
        "CREATE COLLATION IF NOT EXISTS any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
    )
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


def test_a_range_is_found_by_the_index_that_django_makes_for_a_key(sides: TwoSides) -> None:
    """Of `unique=True` and `db_index=True`: the one for LIKE, whatever the collation of the column."""
    sides.monolith('ALTER TABLE sample_effect ALTER thing TYPE varchar(100) COLLATE "sv-x-icu"')
    sides.generate(20_000)
    sides.monolith("CREATE INDEX like_of_thing ON sample_effect (thing varchar_pattern_ops)")
    sides.monolith("ANALYZE sample_effect")
    try:
        with CaptureQueriesContext(connection) as queries:
            Table(parities["sample", "effects"]).walk("S-0005000", pieces=2, rows=10)
        (walked,) = (query["sql"] for query in queries if "numbered" in query["sql"])
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {walked}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
    finally:
        sides.monolith("DROP INDEX like_of_thing")
    assert "Index Scan using like_of_thing" in plan
    assert "Sort Key: sample_effect.thing" not in plan
