"""Who owns the stock of a SKU, how it is given up and taken over."""

import pytest
from django.utils import timezone

from monolith.inventory.events import Promise, StockHandedOver, StockPlace, WarehouseTold
from monolith.inventory.factories import ReservationFactory, StockItemFactory, WarehouseFactory
from monolith.inventory.models import Ownership, Reservation, StockItem, Warehouse
from monolith.inventory.owners import elsewhere
from monolith.inventory.ownership import hand_over, recall, take_over
from monolith.inventory.services import adjust_stock

pytestmark = pytest.mark.django_db


def given_back(epoch, *, on_hand=4, promises=(), warehouse="MAIN", reorder_level=5):
    told = WarehouseTold(code=warehouse, name="Told", country="DE", priority=3, active=True)
    reserved = sum(promise.quantity for promise in promises)
    place = StockPlace(warehouse=told, on_hand=on_hand, reserved=reserved, reorder_level=reorder_level)
    return StockHandedOver(sku="MUG", places=(place,), promises=promises, to="monolith", epoch=epoch)


def test_a_sku_that_never_moved_is_the_monoliths_without_a_row():
    StockItemFactory(sku="MUG")
    assert elsewhere(["MUG", "NOPE"]) == {}
    assert not Ownership.objects.exists()


def test_whoever_gives_up_a_sku_tells_all_there_is_to_know(published):
    far, near = WarehouseFactory(code="FAR", priority=2, country="AT"), WarehouseFactory(code="NEAR", priority=1)
    StockItemFactory(sku="MUG", warehouse=far, on_hand=7, reorder_level=3)
    ReservationFactory(item=StockItemFactory(sku="MUG", warehouse=near, on_hand=2), reference="S-1", quantity=2)
    until = timezone.now() + timezone.timedelta(minutes=9)
    ReservationFactory(item=StockItem.objects.get(warehouse=far), reference="cart:1", quantity=1, expires_at=until)
    StockItemFactory(sku="CUP")
    assert hand_over(["MUG"]) == ["MUG"]
    assert elsewhere(["MUG", "CUP"]) == {"MUG": 1}
    [told] = published("inventory.stock_handed_over")
    assert (told["data"]["to"], told["data"]["epoch"], told["partitionkey"]) == (
        "service",
        1,
        "inventory.stock_item:MUG",
    )
    places = {place["warehouse"]["code"]: place for place in told["data"]["places"]}
    assert {code: (place["on_hand"], place["reserved"]) for code, place in places.items()} == {
        "NEAR": (2, 2),
        "FAR": (7, 1),
    }
    assert places["FAR"]["reorder_level"] == 3
    assert places["FAR"]["warehouse"] == {
        "code": "FAR",
        "name": far.name,
        "country": "AT",
        "priority": 2,
        "active": True,
        "revision": 1,
    }
    assert {(each["reference"], each["warehouse"], each["quantity"]) for each in told["data"]["promises"]} == {
        ("S-1", "NEAR", 2),
        ("cart:1", "FAR", 1),
    }
    assert [each["expires_at"] for each in told["data"]["promises"] if each["reference"] == "cart:1"] != [None]


def test_what_is_given_up_already_is_not_given_up_again(published):
    StockItemFactory(sku="MUG")
    assert (hand_over(["MUG"]), hand_over(["MUG"])) == (["MUG"], [])
    assert len(published("inventory.stock_handed_over")) == 1


def test_what_was_never_in_stock_stays():
    assert hand_over(["NOPE"]) == []
    assert not Ownership.objects.exists()


def test_a_hundred_skus_are_handed_over_in_as_many_queries_as_one(django_assert_num_queries):
    for number in range(100):
        ReservationFactory(item=StockItemFactory(sku=f"SKU-{number:03d}"))
    StockItemFactory(sku="MUG")
    with django_assert_num_queries(10):
        assert hand_over(["MUG"]) == ["MUG"]
    with django_assert_num_queries(10):
        assert len(hand_over([f"SKU-{number:03d}" for number in range(100)])) == 100


def test_only_what_the_service_owns_is_asked_back(published):
    StockItemFactory(sku="MUG")
    StockItemFactory(sku="CUP")
    hand_over(["MUG"])
    assert recall(["CUP", "MUG"]) == ["MUG"]
    [told] = published("inventory.stock_recalled")
    assert told["data"] == {"sku": "MUG", "epoch": 1}
    assert Ownership.objects.get().recalled_at is not None
    assert elsewhere(["MUG"]) == {"MUG": 1}, "it is the service that gives it up"


def test_what_comes_back_comes_with_its_levels_and_promises(levels, published):
    item = StockItemFactory(sku="MUG", on_hand=9)
    kept = ReservationFactory(item=item, reference="S-1", quantity=2)
    gone = ReservationFactory(item=item, reference="S-2", quantity=1)
    StockItemFactory(sku="MUG", on_hand=5, warehouse=WarehouseFactory(code="EMPTIED"))
    hand_over(["MUG"])
    before = len(published())
    promises = (
        Promise(reference="S-1", warehouse="MAIN", quantity=2, expires_at=None),
        Promise(reference="S-3", warehouse="MAIN", quantity=1, expires_at=None),
    )
    assert take_over([given_back(2, on_hand=4, promises=promises, reorder_level=8)]) == ["MUG"]
    assert elsewhere(["MUG"]) == {}
    assert (Ownership.objects.get().owner, Ownership.objects.get().epoch) == ("monolith", 2)
    assert levels() == {("MUG", "MAIN"): (4, 3), ("MUG", "EMPTIED"): (0, 0)}
    assert StockItem.objects.get(warehouse__code="MAIN").reorder_level == 8
    for row in (kept, gone):
        row.refresh_from_db()
    assert (kept.status, gone.status) == ("active", "released"), "a promise that is told of stays the same row"
    assert Reservation.objects.get(reference="S-3").quantity == 1
    assert len(published()) == before, "no echo"


def test_what_comes_back_twice_comes_back_once(levels):
    StockItemFactory(sku="MUG", on_hand=9)
    hand_over(["MUG"])
    assert take_over([given_back(2, on_hand=4)]) == ["MUG"]
    adjust_stock("MUG", by=1, reason="found")
    assert take_over([given_back(2, on_hand=4)]) == []
    assert levels() == {("MUG", "MAIN"): (5, 0)}


def test_an_old_baton_is_worth_nothing():
    StockItemFactory(sku="MUG", on_hand=9)
    hand_over(["MUG"])
    take_over([given_back(2)])
    hand_over(["MUG"])
    assert take_over([given_back(2)]) == []
    assert elsewhere(["MUG"]) == {"MUG": 3}


def test_a_warehouse_that_only_the_service_knew_comes_along(levels):
    StockItemFactory(sku="MUG", on_hand=9)
    hand_over(["MUG"])
    take_over([given_back(2, warehouse="NEW", on_hand=1)])
    new = Warehouse.objects.get(code="NEW")
    assert (new.name, new.priority) == ("Told", 3)
    assert levels() == {("MUG", "MAIN"): (0, 0), ("MUG", "NEW"): (1, 0)}
