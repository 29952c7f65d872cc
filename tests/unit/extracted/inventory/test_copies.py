"""Stock that the monolith owns, followed by its events."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from extracted.inventory import events
from extracted.inventory.models import Reservation, StockMovement, Warehouse
from extracted.inventory.selectors import availability
from tests.unit.extracted.inventory.books import levels, promised, published
from tests.unit.extracted.inventory.factories import (
    AT,
    adjusted,
    handed_over,
    level,
    message,
    moved,
    promise,
    released,
    reserved,
    shipped,
    told,
)

pytestmark = pytest.mark.django_db
SOON = AT + timedelta(days=3650)


def test_what_is_told_of_a_sku_is_all_there_is(handle):
    handle(told("MUG", {"NEAR": (10, 3), "FAR": (5, 0)}, promise("S-1", 2), promise("cart:1", 1, expires_at=SOON)))
    assert levels() == {("MUG", "NEAR"): (10, 3), ("MUG", "FAR"): (5, 0)}
    assert promised() == {("S-1", "MUG", "NEAR"): 2, ("cart:1", "MUG", "NEAR"): 1}
    assert list(Warehouse.objects.values_list("code", "priority")) == [("NEAR", 1), ("FAR", 2)]
    handle(told("MUG", {"NEAR": (8, 1)}, promise("S-2", 1)))
    assert levels() == {("MUG", "NEAR"): (8, 1), ("MUG", "FAR"): (0, 0)}
    assert promised() == {("S-2", "MUG", "NEAR"): 1}


def test_promises_that_are_told_again_stay_the_rows_they_are(handle):
    handle(told("MUG", {"NEAR": (10, 4)}, promise("S-1", 2), promise("S-1", 2)))
    before = set(Reservation.objects.values_list("pk", flat=True))
    handle(told("MUG", {"NEAR": (10, 4)}, promise("S-1", 2), promise("S-1", 2)))
    assert set(Reservation.objects.values_list("pk", flat=True)) == before
    handle(told("MUG", {"NEAR": (10, 2)}, promise("S-1", 2)))
    assert promised() == {("S-1", "MUG", "NEAR"): 2}


def test_each_event_leaves_the_levels_and_the_promises_of_its_moment(handle):
    handle(
        told("MUG", {"NEAR": (10, 0)}),
        reserved("S-1", 4, (10, 4)),
        reserved("S-2", 2, (10, 6)),
        shipped("S-1", 3, (7, 3), movement=11),
        released("S-2", 2, (7, 1)),
    )
    assert levels() == {("MUG", "NEAR"): (7, 1)}
    assert promised() == {("S-1", "MUG", "NEAR"): 1}
    ended = Reservation.objects.exclude(status="active").values_list("reference", "quantity", "status")
    assert set(ended) == {("S-1", 3, "fulfilled"), ("S-2", 2, "released")}
    assert published() == []


def test_a_partial_shipment_reduces_the_promise_of_its_warehouse_only(handle):
    handle(
        told("MUG", {"NEAR": (5, 2), "FAR": (5, 2)}, promise("S-1", 2, "NEAR"), promise("S-1", 2, "FAR")),
        shipped("S-1", 1, (4, 1), place="FAR"),
    )
    assert promised() == {("S-1", "MUG", "NEAR"): 2, ("S-1", "MUG", "FAR"): 1}


def test_what_expires_is_the_hold_and_not_the_order(handle):
    handle(
        told("MUG", {"NEAR": (9, 4)}, promise("S-1", 2), promise("S-1", 2, expires_at=SOON)),
        released("S-1", 2, (9, 2), expired=True),
    )
    assert Reservation.objects.get(status="active").expires_at is None
    assert Reservation.objects.get(status="expired").expires_at == SOON


def test_every_way_in_which_units_move_is_in_the_ledger_under_the_monoliths_number(handle):
    way = {"transfer": "T-1"}
    handle(
        told("MUG", {"NEAR": (10, 1)}, promise("S-1", 1)),
        adjusted(-2, (8, 1), 21),
        shipped("S-1", 1, (7, 0), 22),
        events.StockReturned(**moved("MUG", "NEAR", 1, (8, 0), 23), reference="S-1"),
        events.StockDispatched(**moved("MUG", "NEAR", 3, (5, 0), 24), **way, destination="FAR"),
        events.StockReceived(**moved("MUG", "FAR", 3, (3, 0), 25), **way, source="NEAR"),
    )
    rows = StockMovement.objects.order_by("id").values_list("id", "quantity", "reason", "reference", "created_at")
    assert list(rows) == [
        (21, -2, "adjusted", "counted", AT),
        (22, -1, "shipped", "S-1", AT),
        (23, 1, "returned", "S-1", AT),
        (24, -3, "transferred", "T-1", AT),
        (25, 3, "transferred", "T-1", AT),
    ]
    assert levels() == {("MUG", "NEAR"): (5, 0), ("MUG", "FAR"): (3, 0)}


def test_the_past_told_again_adds_to_the_ledger_and_takes_nothing_of_a_promise(handle):
    handle(told("MUG", {"NEAR": (7, 1)}, promise("S-1", 1)))
    handle(*(message(shipped("S-1", 3, (7, 1), 11), again=True) for _ in range(2)))
    assert promised() == {("S-1", "MUG", "NEAR"): 1}
    assert StockMovement.objects.get().quantity == -3


def test_a_message_from_before_movements_were_told_moves_the_levels(handle):
    handle(events.StockAdjusted(**level("MUG", "NEAR", 5, (5, 0)), reason="counted"))
    assert levels() == {("MUG", "NEAR"): (5, 0)}
    assert not StockMovement.objects.exists()


def test_events_that_come_before_the_state_and_after_it_end_with_the_right_levels(handle):
    """A consumer that is older than the backfill: what it heard before is put right by what is told."""
    handle(released("S-9", 1, (10, 0)), reserved("S-1", 4, (10, 4)))
    handle(told("MUG", {"NEAR": (10, 4)}, promise("S-1", 4)), released("S-1", 4, (10, 0)))
    assert (levels(), promised()) == ({("MUG", "NEAR"): (10, 0)}, {})


def test_a_message_that_comes_twice_counts_once(handle):
    handle(told("MUG", {"NEAR": (10, 0)}))
    same = message(reserved("S-1", 4, (10, 4)))
    handle(same, same)
    handle(same)
    assert promised() == {("S-1", "MUG", "NEAR"): 4}


def test_what_the_service_told_itself_is_no_news_to_it(handle):
    handle(told("MUG", {"NEAR": (10, 0)}))
    handle(message(reserved("S-1", 4, (10, 4)), source="inventory"), message(told("MUG", {}), source="inventory"))
    assert (levels(), promised()) == ({("MUG", "NEAR"): (10, 0)}, {})


def test_what_the_monolith_tells_of_stock_that_is_owned_here_is_not_taken_over(handle):
    handle(handed_over("MUG", {"NEAR": (10, 0)}))
    handle(told("MUG", {"NEAR": (3, 0)}), reserved("S-1", 4, (10, 4)), message(adjusted(5, (5, 0), 7), again=True))
    assert (levels(), promised()) == ({("MUG", "NEAR"): (10, 0)}, {})
    assert StockMovement.objects.get().pk == 7, "but the ledger of its past is welcome"


def test_a_warehouse_nobody_told_of_yet_is_learned_from_its_levels_and_named_later(handle):
    handle(adjusted(5, (5, 0), place="NEW"))
    assert availability(["MUG", "CUP"]) == {"MUG": 5, "CUP": 0}
    handle(told("MUG", {"NEW": (5, 0)}))
    assert Warehouse.objects.get().priority == 9


def test_a_batch_takes_a_few_statements_whatever_its_size(handle):
    handle(*(told(f"SKU-{n}", {"NEAR": (100, 0)}) for n in range(60)))

    def statements(count: int, start: int) -> int:
        batch = [reserved(f"S-{start}-{n}", 1, (100, 1), sku=f"SKU-{start + n}") for n in range(count)]
        with CaptureQueriesContext(
            connection,
        ) as found:
            handle(*batch)
        return len(found)

    assert statements(40, 10) <= statements(2, 0) + 1
    assert statements(2, 3) < 20


def test_availability_is_one_query(handle, django_assert_num_queries):
    handle(*(told(f"SKU-{n}", {"NEAR": (n, 0), "FAR": (1, 1)}, promise("S-1", 1, "FAR")) for n in range(5)))
    with django_assert_num_queries(1):
        assert availability([f"SKU-{n}" for n in range(5)]) == {f"SKU-{n}": n for n in range(5)}


def test_time_is_not_needed_to_follow(handle):
    """What is expired by our clock is the monolith's to end."""
    handle(told("MUG", {"NEAR": (5, 1)}, promise("cart:1", 1, expires_at=timezone.now() - timedelta(hours=1))))
    handle(reserved("S-1", 1, (5, 2)))
    assert promised() == {("cart:1", "MUG", "NEAR"): 1, ("S-1", "MUG", "NEAR"): 1}
