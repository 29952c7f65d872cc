"""What an answer costs: the same, however long the history and however many have ended."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.sample.events import LegDone, LegRefused
from tests.unit.saga.conftest import Trips, answer_to_the_latest

DOCS = Path(__file__).resolve().parents[3] / "docs" / "sagas.md"


def of_the_saga(call: Callable[[], object]) -> list[str]:
    """Statements about sagas, and the savepoints of their steps."""
    with CaptureQueriesContext(connection) as queries:
        call()
    told = [query["sql"] for query in queries]
    return [sql for sql in told if "strangler_saga" in sql or "SAVEPOINT" in sql]


def documented() -> int:
    (number,) = re.findall(r"(\d+) statements for an answer", DOCS.read_text(encoding="utf-8"))
    return int(number)


def test_an_answer_costs_two_statements_and_two_for_each_function_it_calls(saga: Trips) -> None:
    saga.start("a")
    hotel = answer_to_the_latest(LegDone(trip="a", leg="hotel"))
    statements = of_the_saga(lambda: saga.handling.handle([hotel]))
    called = 3  # on_done of the hotel, run of the ticket, run of the flight
    assert len([sql for sql in statements if "strangler_saga" in sql]) == documented()
    assert len(statements) - 2 == documented() + 2 * called, "but for handle()'s own atomic()"


def test_it_costs_the_same_for_the_thousandth_and_after_many_goes(saga: Trips) -> None:
    def cost(trip: str) -> int:
        saga.start(trip)
        flight = saga.done(trip, "hotel") and answer_to_the_latest(LegDone(trip=trip, leg="flight"))
        return len(of_the_saga(lambda: saga.handling.handle([flight])))

    first = cost("a")
    for number in range(30):
        saga.start(f"t{number}")
        saga.done(f"t{number}", "hotel")
        saga.refused(f"t{number}", "flight")
    for _ in range(20):
        saga.handling.handle([answer_to_the_latest(LegRefused(trip="a", leg="hotel", reason="again"))])
    assert cost("b") == first


def test_the_start_costs_two_statements_and_no_savepoint(saga: Trips) -> None:
    statements = of_the_saga(lambda: saga.start("a"))
    assert len([sql for sql in statements if "strangler_saga" in sql]) == 2
    assert len(statements) == 4, "the two others are those of the test's own atomic()"


def test_an_event_about_no_saga_costs_one(saga: Trips) -> None:
    stranger = answer_to_the_latest(LegDone(trip="nobody", leg="hotel"))
    assert len(of_the_saga(lambda: saga.handling.handle([stranger]))) == 1 + 2, "and handle()'s own atomic()"
