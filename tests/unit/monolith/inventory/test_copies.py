"""The monolith's copy of what the service owns: as the service tells it, set by set, and nobody hears of it."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from monolith.inventory.events import (
    Promise,
    StockAdjusted,
    StockDispatched,
    StockPlace,
    StockReceived,
    StockReleased,
    StockReserved,
    StockReturned,
    StockShipped,
    StockTold,
    WarehouseTold,
)
from monolith.inventory.factories import ReservationFactory, StockItemFactory
from monolith.inventory.models import Reservation, StockItem, StockMovement, Warehouse
from monolith.inventory.ownership import hand_over
from monolith.inventory.services import release
from monolith.inventory.telling import told_again
from strangler.conf import settings as kit
from strangler.messaging import encode, seal

pytestmark = pytest.mark.django_db

MOMENT = datetime(2026, 11, 26, 12, tzinfo=UTC)
Status = Reservation.Status


@pytest.fixture
def mug():
    """Ten of them, two promised to S-1, kept by the service."""
    item = StockItemFactory(sku="MUG", on_hand=10)
    ReservationFactory(item=item, reference="S-1", quantity=2)
    hand_over(["MUG"])
    return item


def level(kind, quantity, on_hand, reserved, *, sku="MUG", warehouse="MAIN", movement=None, **more):
    if movement is not None:
        more |= {"movement": 10**12 + movement, "moved_at": MOMENT}
    return kind(sku=sku, warehouse=warehouse, quantity=quantity, on_hand=on_hand, reserved=reserved, **more)


def promised():
    active = Reservation.objects.filter(status=Status.ACTIVE)
    return sorted(active.values_list("reference", "quantity"))


def test_a_promise_of_the_service_is_known_here(mug, line, levels, published):
    before = len(published())
    line.tell(level(StockReserved, 3, 10, 5, reference="cart:1", expires_at=MOMENT))
    assert levels() == {("MUG", "MAIN"): (10, 5)}
    assert promised() == [("S-1", 2), ("cart:1", 3)]
    assert Reservation.objects.get(reference="cart:1").expires_at == MOMENT
    assert len(published()) == before, "no echo"


@pytest.mark.parametrize(("expired", "status"), [(False, Status.RELEASED), (True, Status.EXPIRED)])
def test_a_promise_that_ends_there_ends_here(mug, line, levels, expired, status):
    line.tell(level(StockReleased, 2, 10, 0, reference="S-1", expired=expired))
    assert levels() == {("MUG", "MAIN"): (10, 0)}
    assert Reservation.objects.get().status == status


def test_of_several_promises_the_one_of_that_size_ends(mug, line):
    line.tell(level(StockReserved, 1, 10, 3, reference="S-1", expires_at=None))
    line.tell(level(StockReleased, 1, 10, 2, reference="S-1", expired=False))
    assert promised() == [("S-1", 2)]


def test_a_part_that_is_shipped_there_leaves_the_rest_promised_here(mug, line, levels):
    line.tell(level(StockShipped, 1, 9, 1, movement=1, reference="S-1"))
    assert levels() == {("MUG", "MAIN"): (9, 1)}
    assert promised() == [("S-1", 1)]
    assert Reservation.objects.get(status=Status.FULFILLED).quantity == 1
    line.tell(level(StockShipped, 1, 8, 0, movement=2, reference="S-1"))
    assert promised() == []


def test_entries_of_the_ledger_come_with_their_numbers_and_times_and_once(mug, line):
    events = [
        level(StockShipped, 2, 8, 0, movement=1, reference="S-1"),
        level(StockReturned, 1, 9, 0, movement=2, reference="S-1"),
        level(StockAdjusted, -3, 6, 0, movement=3, reason="broken"),
        level(StockDispatched, 4, 2, 0, movement=4, transfer="T-1", destination="FAR"),
        level(StockReceived, 4, 4, 0, movement=5, transfer="T-1", source="MAIN", warehouse="FAR"),
    ]
    line.tell(*events)
    line.tell(events[2])
    entries = StockMovement.objects.filter(pk__gte=10**12).order_by("pk")
    assert list(entries.values_list("pk", "quantity", "reason", "reference", "created_at")) == [
        (10**12 + 1, -2, "shipped", "S-1", MOMENT),
        (10**12 + 2, 1, "returned", "S-1", MOMENT),
        (10**12 + 3, -3, "adjusted", "broken", MOMENT),
        (10**12 + 4, -4, "transferred", "T-1", MOMENT),
        (10**12 + 5, 4, "transferred", "T-1", MOMENT),
    ]


def test_own_entries_are_numbered_on_as_before(mug, line):
    line.tell(level(StockReturned, 1, 11, 2, movement=2, reference="S-1"))
    StockItemFactory(sku="CUP")
    assert StockMovement.objects.get(item__sku="CUP").pk < 10**12


def test_a_transfer_of_the_service_can_be_told_again(mug, line):
    line.tell(level(StockDispatched, 4, 6, 2, movement=4, transfer="T-1", destination="FAR"))
    [event] = told_again(list(StockMovement.objects.filter(pk__gte=10**12).select_related("item__warehouse")))
    assert (event.transfer, event.destination, event.quantity) == ("T-1", "", 4)


def test_places_that_this_side_never_had_are_made(mug, line, levels):
    line.tell(level(StockAdjusted, 7, 7, 0, movement=1, reason="opened", warehouse="NEW"))
    assert levels()["MUG", "NEW"] == (7, 0)
    assert Warehouse.objects.get(code="NEW").name == "NEW"


def test_what_this_side_owns_is_its_own_business(line, levels):
    StockItemFactory(sku="CUP", on_hand=5)
    line.tell(
        level(StockReserved, 3, 99, 3, sku="CUP", reference="S-9", expires_at=None),
        level(StockAdjusted, 3, 99, 0, sku="CUP", movement=1, reason="?", warehouse="NEW"),
        told("CUP", 1),
    )
    assert levels() == {("CUP", "MAIN"): (5, 0)}
    assert promised() == []


def test_own_events_that_come_back_are_passed_over(mug, line, levels):
    """Those of before the move: applied to the copy, they would promise everything twice."""
    own = [
        level(StockReserved, 2, 10, 2, reference="S-1", expires_at=None),
        level(StockReserved, 1, 10, 3, reference="S-2", expires_at=None),
    ]
    line.to_monolith([encode(seal(event, source=kit.source)) for event in own])
    line.to_monolith([encode(seal(own[0], source=kit.source))])
    assert levels() == {("MUG", "MAIN"): (10, 2)}
    assert promised() == [("S-1", 2)]


def told(sku, on_hand, *promises):
    main = WarehouseTold(code="MAIN", name="Main", country="DE", priority=1, active=True)
    reserved = sum(promise.quantity for promise in promises)
    place = StockPlace(warehouse=main, on_hand=on_hand, reserved=reserved, reorder_level=5)
    return StockTold(sku=sku, places=(place,), promises=promises)


def test_a_state_told_again_takes_the_place_of_the_copy(mug, line, levels):
    line.tell(told("MUG", 7, Promise(reference="S-5", warehouse="MAIN", quantity=4, expires_at=None)))
    assert levels() == {("MUG", "MAIN"): (7, 4)}
    assert promised() == [("S-5", 4)]


def test_many_events_cost_no_more_queries_than_one(line):
    def queries(count):
        skus = [f"SKU-{count}-{number}" for number in range(count)]
        for sku in skus:
            StockItemFactory(sku=sku, on_hand=10)
        hand_over(skus)
        with CaptureQueriesContext(connection) as captured:
            line.tell(*(level(StockReserved, 2, 10, 2, sku=sku, reference="S-1", expires_at=None) for sku in skus))
            line.tell(
                *(level(StockShipped, 1, 9, 1, sku=sku, movement=count * 100 + n, reference="S-1")
                  for n, sku in enumerate(skus))
            )  # fmt: skip
        return len(captured)

    assert queries(1) == queries(2) == queries(20)
    assert StockItem.objects.filter(on_hand=9, reserved=1).count() == 23


def test_nothing_is_asked_to_release_what_a_copy_says_is_over(mug, line, published):
    line.tell(level(StockReleased, 2, 10, 0, reference="S-1", expired=False))
    release("S-1", ["MUG"])
    assert published("inventory.stock_change_requested") == []
