from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from monolith.errors import IllegalTransition, OutOfStock, ShopError
from monolith.inventory.events import StockHandedOver
from monolith.inventory.factories import (
    ReservationFactory,
    StockItemFactory,
    TransferFactory,
    TransferLineFactory,
    WarehouseFactory,
)
from monolith.inventory.models import StockMovement, Transfer
from monolith.inventory.ownership import hand_over, recall
from monolith.inventory.services import cancel_transfer, dispatch_transfer, plan_transfer, receive_transfer
from strangler.messaging import encode, open_as, seal
from tests.unit.monolith.inventory.other_side import committed

pytestmark = pytest.mark.django_db


@pytest.fixture
def transfer():
    """Three of five mugs, from MAIN to SHOP."""
    StockItemFactory(sku="MUG", on_hand=5)
    return TransferFactory(destination__code="SHOP", quantities={"MUG": 3})


def test_a_plan_moves_nothing(transfer, levels, published):
    assert levels() == {("MUG", "MAIN"): (5, 0)}
    assert published() == []


def test_what_is_on_its_way_is_in_neither_warehouse(transfer, levels, published):
    sent = dispatch_transfer(transfer)
    assert (sent.status, sent.dispatched_at is None, sent.received_at) == ("dispatched", False, None)
    assert levels() == {("MUG", "MAIN"): (2, 0)}
    [told] = published("inventory.stock_dispatched")
    movement = StockMovement.objects.get(reason="transferred")
    assert told["data"] == {
        "sku": "MUG",
        "warehouse": "MAIN",
        "quantity": 3,
        "on_hand": 2,
        "reserved": 0,
        "transfer": transfer.number,
        "destination": "SHOP",
        "movement": movement.pk,
        "moved_at": movement.created_at.isoformat().replace("+00:00", "Z"),
    }


def test_what_arrives_is_in_the_other_one(transfer, levels, published):
    received = receive_transfer(dispatch_transfer(transfer))
    assert received.status == "received"
    assert received.received_at >= received.dispatched_at
    assert levels() == {("MUG", "MAIN"): (2, 0), ("MUG", "SHOP"): (3, 0)}
    [told] = published("inventory.stock_received")
    assert (told["data"]["source"], told["data"]["warehouse"], told["data"]["on_hand"]) == ("MAIN", "SHOP", 3)
    moves = StockMovement.objects.filter(reference=transfer.number).values_list("quantity", "reason")
    assert set(moves) == {(-3, "transferred"), (3, "transferred")}


def test_promised_units_stay(transfer, levels):
    ReservationFactory(item=StockItemFactory(sku="MUG"), quantity=3)
    with pytest.raises(OutOfStock, match=r"MAIN can't spare MUG \(wanted 3, left 2\)"):
        dispatch_transfer(transfer)
    assert levels() == {("MUG", "MAIN"): (5, 3)}
    assert Transfer.objects.get().status == "planned"


def test_what_a_warehouse_never_had_it_cannot_spare():
    with pytest.raises(OutOfStock, match=r"NOPE \(wanted 1, left 0\)"):
        dispatch_transfer(TransferFactory(quantities={"NOPE": 1}))


def test_a_cancelled_transfer_stays_at_home(transfer):
    assert cancel_transfer(transfer).status == "cancelled"
    with pytest.raises(IllegalTransition, match="that is final"):
        dispatch_transfer(transfer)


@pytest.mark.parametrize(
    ("steps", "legal"),
    [
        ([receive_transfer], "planned and can't become received: from here .* dispatched or cancelled"),
        ([dispatch_transfer, dispatch_transfer], "can't become dispatched: from here it can only become received"),
        ([dispatch_transfer, cancel_transfer], "can't become cancelled: from here it can only become received"),
        ([dispatch_transfer, receive_transfer, receive_transfer], "that is final"),
    ],
)
def test_an_illegal_step_is_refused_with_the_legal_ones(transfer, steps, legal):
    for step in steps[:-1]:
        step(transfer)
    with pytest.raises(IllegalTransition, match=legal):
        steps[-1](transfer)


def test_nonsense_is_not_planned():
    here, there = WarehouseFactory(code="HERE"), WarehouseFactory()
    with pytest.raises(ShopError, match="HERE is where the units are"):
        plan_transfer(here, here, {"MUG": 1})
    with pytest.raises(ShopError, match="at least one SKU"):
        plan_transfer(here, there, {})
    with pytest.raises(ShopError, match="not 0 x MUG"):
        plan_transfer(here, there, {"MUG": 0})
    assert not Transfer.objects.exists()


def test_a_line_added_later_travels_too(transfer, levels):
    line = TransferLineFactory(transfer=transfer)
    receive_transfer(dispatch_transfer(transfer))
    assert levels()[line.sku, "SHOP"] == (1, 0)


@pytest.mark.django_db(transaction=True)
def test_a_double_click_dispatches_once(transfer, levels):
    ready = Barrier(2)

    def dispatch(_):
        ready.wait(timeout=10)
        try:
            return dispatch_transfer(transfer).status
        except IllegalTransition:
            return "refused"
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(dispatch, range(2), timeout=60)) == ["dispatched", "refused"]
    assert levels() == {("MUG", "MAIN"): (2, 0)}


def test_what_was_on_its_way_when_its_sku_came_home_is_received_here_and_once(line, levels):
    item = StockItemFactory(sku="MUG", on_hand=5)
    WarehouseFactory(code="FAR")
    hand_over(["MUG"])
    line.deliver_all()
    for event in line.service.send("MUG", "MAIN", "FAR", 2):
        line.post(event)
    recall(["MUG"])
    line.deliver_all()
    given = next(each for each in line.all_heard if each.data.get("to") == "monolith")
    arriving = Transfer.objects.get()
    assert (str(arriving.source), str(arriving.destination), arriving.status) == ("MAIN", "FAR", "dispatched")
    line.to_monolith([encode(seal(open_as(given, StockHandedOver), source="inventory"))])
    receive_transfer(arriving)
    assert levels() == {("MUG", item.warehouse.code): (3, 0), ("MUG", "FAR"): (2, 0)}
    assert Transfer.objects.get().status == "received"


def test_what_came_home_is_the_monoliths_to_receive_also_when_the_sku_is_away_again(line, levels):
    StockItemFactory(sku="MUG", on_hand=5)
    WarehouseFactory(code="FAR")
    hand_over(["MUG"])
    line.deliver_all()
    for event in line.service.send("MUG", "MAIN", "FAR", 2):
        line.post(event)
    recall(["MUG"])
    line.deliver_all()
    hand_over(["MUG"])
    with committed():
        receive_transfer(Transfer.objects.get())
    line.deliver_all()
    assert line.service.levels["MUG"] == {"MAIN": [3, 0], "FAR": [2, 0]}
    assert levels() == {("MUG", "MAIN"): (3, 0), ("MUG", "FAR"): (2, 0)}
