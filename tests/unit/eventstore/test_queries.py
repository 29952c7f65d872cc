"""What reading, appending and projecting cost: the same, however long the history."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from strangler.eventstore.projector import Projector
from strangler.eventstore.reading import with_news
from strangler.eventstore.registry import projections
from strangler.eventstore.standing import checkpoints
from strangler.testing.projections import project_now
from tests.sample.streams import accounts
from tests.unit.eventstore.conftest import append, deposit

pytestmark = pytest.mark.django_db
DOCS = Path(__file__).resolve().parents[3] / "docs" / "event-sourcing.md"


def statements(call: Callable[[], object]) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        call()
    return [query["sql"] for query in queries if "strangler_" in query["sql"] or "SAVEPOINT" in query["sql"]]


def documented(what: str) -> int:
    (number,) = re.findall(rf"(\d+) statements? for {what}", DOCS.read_text(encoding="utf-8"))
    return int(number)


def test_a_load_costs_one_statement_for_any_number_of_streams_with_or_without_snapshots() -> None:
    for key in "ab":
        append(key, *[deposit(key)] * 25)
    assert len(statements(lambda: accounts.load("nobody"))) == documented("a load") == 1
    assert len(statements(lambda: accounts.load_many(["a", "b", "c"]))) == 1
    assert len(statements(lambda: accounts.history("a"))) == 1


def test_an_append_costs_one_and_two_more_where_a_snapshot_is_due() -> None:
    with transaction.atomic():
        assert len(statements(lambda: accounts.append("a", [deposit("a")] * 9, expected=0))) == documented("an append")
        due = statements(lambda: accounts.append("a", [deposit("a")], expected=9))
        assert len(due) == documented("an append") + 2
        assert len(statements(lambda: accounts.append("a", [deposit("a")], expected=10))) == documented("an append")


def test_appends_to_many_streams_cost_one_and_a_savepoint() -> None:
    changes = {f"k{number}": (0, [deposit(f"k{number}")] * 3) for number in range(50)}
    with transaction.atomic():
        found = statements(lambda: accounts.append_many(changes))
    assert [sql.split()[0] for sql in found] == ["SAVEPOINT", "WITH", "RELEASE"]


def test_a_batch_of_a_projection_costs_three_and_a_look_one() -> None:
    (moves,) = projections.named("moves")
    costs = []
    for count in (1, 400):
        append("a", *[deposit("a")] * count)
        projector = Projector(moves, using="default", before=2**63 - 1)
        projector.checkpoint()
        found = statements(projector.step)
        costs.append(len([sql for sql in found if "SAVEPOINT" not in sql]))
    assert costs == [documented("a batch")] * 2
    assert len(statements(lambda: with_news(["moves", "everything"], using="default"))) == 1


def test_the_standing_of_all_projections_costs_one() -> None:
    append("a")
    project_now()
    assert len(statements(lambda: list(checkpoints()))) == 1
