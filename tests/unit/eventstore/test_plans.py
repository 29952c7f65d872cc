"""What is read grows with what is asked for and not with the history, also where the planner knows nothing of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from strangler.eventstore.models import Checkpoint
from strangler.eventstore.reading import Place, read, with_news
from tests.sample.streams import accounts
from tests.unit.eventstore.conftest import sql

pytestmark = pytest.mark.django_db

STREAMS, EVENTS = 300, 50
FILL = f"""
    INSERT INTO strangler_stream_event
        (transaction_id, category, key, version, type, data, correlation_id, causation_id)
    SELECT 1, 'account', 'k' || n / {EVENTS}, n - n / {EVENTS} * {EVENTS} + 1, 'sample.account_opened.v1',
        '{{"account": "k"}}', '', ''
    FROM generate_series(0, {STREAMS} * {EVENTS} - 1) n;
    INSERT INTO strangler_stream_snapshot (category, key, version, shape, state)
    SELECT 'account', 'k' || n, 45, '{accounts.shape}', '{{}}' FROM generate_series(0, {STREAMS} - 1) n
"""  # noqa: S608  (constants)


@pytest.fixture(autouse=True, params=["", "ANALYZE strangler_stream_event, strangler_stream_snapshot"])
def _history(request: pytest.FixtureRequest, db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(FILL)
        cursor.execute(request.param or "SELECT 1")


def most_rows(call: Callable[[], object]) -> int:
    """Of any step of any plan: what a table or an index gave, or what was sorted."""
    rows: list[int] = []

    def explain(execute: Any, statement: str, parameters: Any, many: bool, context: Any) -> Any:
        if "strangler_stream" in statement:
            execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters, many, context)
            (found,) = context["cursor"].fetchone()
            rows.extend(_of(found[0]["Plan"] if isinstance(found, list) else json.loads(found)[0]["Plan"]))
        return execute(statement, parameters, many, context)

    with connection.execute_wrapper(explain):
        call()
    return max(rows)


def _of(plan: dict[str, Any]) -> Iterator[int]:
    yield int(plan["Actual Rows"] * plan["Actual Loops"] + plan.get("Rows Removed by Filter", 0))
    for inner in plan.get("Plans", ()):
        yield from _of(inner)


def test_a_load_reads_what_came_after_the_snapshots() -> None:
    assert most_rows(lambda: accounts.load("k7")) == 1 + EVENTS - 45
    assert most_rows(lambda: accounts.load_many([f"k{number}" for number in range(10)])) == 10 * (1 + EVENTS - 45)


def test_a_batch_of_a_projection_reads_its_events() -> None:
    assert most_rows(lambda: read(["account"], Place(-1, 0), size=100, using="default")) == 100
    assert most_rows(lambda: read(["account", "note"], Place(1, 50), size=100, using="default")) == 100
    assert sql("SHOW enable_sort") == [("on",)], "for whatever the projection asks"


def test_a_look_for_news_reads_one_event_of_each_projection() -> None:
    Checkpoint.objects.create(name="a", streams=["account"], transaction_id=-1)
    Checkpoint.objects.create(name="b", streams=["account"], transaction_id=2)
    assert most_rows(lambda: with_news(["a", "b"], using="default")) <= 4
