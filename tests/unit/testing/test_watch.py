"""The guard on the shop, in this process: the tangle's line, and the savepoints of the kit's own consumer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.db.transaction import Atomic
from django.utils import timezone

from monolith.orders.factories import OrderFactory
from monolith.orders.housekeeping import complete_delivered_orders
from monolith.orders.models import Order
from strangler.errors import ConfigurationError
from strangler.inbox.savepoints import Savepoints
from strangler.testing.silent_writes import allow_silent_writes
from strangler.testing.silent_writes.guard import Guard
from tests.support.at_once import at_once

ROOT = Path(__file__).resolve().parents[3]
HOUSEKEEPING = "monolith/orders/housekeeping.py"
pytestmark = pytest.mark.django_db


@pytest.fixture
def guard() -> Iterator[Guard]:
    for _ in range(2):
        OrderFactory()
    Order.objects.update(status=Order.Status.DELIVERED, delivered_at=timezone.now() - timedelta(days=60))
    guard = Guard(["tests", "factories"])
    guard.begin()
    yield guard
    guard.close()


def test_the_bulk_update_of_the_tangle_is_found_as_the_appendix_promises(guard: Guard) -> None:
    assert complete_delivered_orders() == 2
    lines = (ROOT / HOUSEKEEPING).read_text(encoding="utf-8").splitlines()
    at = next(number for number, line in enumerate(lines, 1) if ".update(" in line)
    said = guard.end()
    assert f"  {HOUSEKEEPING}:{at}\n" in said
    assert "UPDATE of 2 rows on orders.Order" in said


def test_the_life_of_an_order_is_not_silent(guard: Guard) -> None:
    OrderFactory()
    assert guard.end() == ""


def test_the_consumers_savepoints_keep_and_undo_as_djangos_do(guard: Guard) -> None:
    def fail() -> None:
        complete_delivered_orders()
        raise ZeroDivisionError

    with transaction.atomic():
        savepoints = Savepoints(connection)
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                savepoints.run(fail)
    assert guard.end() == ""
    guard.begin()
    with transaction.atomic():
        savepoints = Savepoints(connection)
        savepoints.run(complete_delivered_orders)  # type: ignore[arg-type]
        with pytest.raises(ZeroDivisionError):
            savepoints.run(fail)
    assert HOUSEKEEPING in guard.end()


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_is_made_under_somebody_elses_wrapper_is_heard_after_it(guard: Guard) -> None:
    """Django takes the last wrapper away at the end of the block, whosever it is."""

    def work() -> None:
        with connection.execute_wrapper(lambda execute, *call: execute(*call)):
            Order.objects.count()
        complete_delivered_orders()

    at_once([work])
    assert HOUSEKEEPING in guard.end()


def test_nothing_of_it_is_left_when_it_is_closed() -> None:
    before = Atomic.__exit__, list(connection.execute_wrappers)
    Guard([]).close()
    assert before == (Atomic.__exit__, connection.execute_wrappers)


def test_silence_takes_a_reason() -> None:
    with pytest.raises(ConfigurationError, match="takes a reason"), allow_silent_writes(" "):
        pass
