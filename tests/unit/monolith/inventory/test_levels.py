import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from monolith.errors import LedgerIsAppendOnly, OutOfStock, ShopError
from monolith.inventory.factories import ReservationFactory, StockItemFactory, StockMovementFactory, WarehouseFactory
from monolith.inventory.models import StockItem, StockMovement, Warehouse
from monolith.inventory.selectors import availability, low_stock, stock_levels
from monolith.inventory.services import adjust_stock, take_back

pytestmark = pytest.mark.django_db


def test_the_first_units_of_a_shop_open_its_first_warehouse(levels, published):
    assert adjust_stock("MUG", by=5, reason="delivery 4711").available == 5
    assert levels() == {("MUG", "MAIN"): (5, 0)}
    movement = StockMovement.objects.get()
    assert published("inventory.stock_adjusted")[0]["data"] == {
        "sku": "MUG",
        "warehouse": "MAIN",
        "quantity": 5,
        "on_hand": 5,
        "reserved": 0,
        "reason": "delivery 4711",
        "movement": movement.pk,
        "moved_at": movement.created_at.isoformat().replace("+00:00", "Z"),
    }


def test_units_go_to_the_first_active_warehouse_unless_another_is_named(levels):
    WarehouseFactory(code="SHUT", priority=0, active=False)
    WarehouseFactory(code="FAR", priority=2)
    WarehouseFactory(code="NEAR", priority=1)
    adjust_stock("MUG", by=5, reason="delivery")
    adjust_stock("MUG", by=1, reason="delivery", warehouse=Warehouse.objects.get(code="FAR"))
    assert levels() == {("MUG", "NEAR"): (5, 0), ("MUG", "FAR"): (1, 0)}


def test_what_is_promised_cannot_be_written_off(levels):
    item = StockItemFactory(sku="MUG", on_hand=5)
    ReservationFactory(item=item, quantity=3)
    with pytest.raises(OutOfStock, match=r"5 on hand in MAIN, 3 of them reserved; .* by -3, only by -2 or more"):
        adjust_stock("MUG", by=-3, reason="broken")
    adjust_stock("MUG", by=-2, reason="broken")
    assert levels() == {("MUG", "MAIN"): (3, 3)}


def test_the_ledger_says_who_took_what():
    StockItemFactory(sku="MUG", on_hand=5)
    adjust_stock("MUG", by=-2, reason="broken in the lift")
    newest = StockMovement.objects.first()
    assert (newest.quantity, newest.reason, newest.reference) == (-2, "adjusted", "broken in the lift")


def test_the_ledger_is_append_only():
    entry = StockMovementFactory()
    ledger = StockMovement.objects
    for forbidden in (entry.save, entry.delete, ledger.all().delete, lambda: ledger.update(quantity=1)):
        with pytest.raises(LedgerIsAppendOnly, match="opposite entry"):
            forbidden()


def test_what_customers_send_back_is_on_the_shelf_again(levels, published):
    StockItemFactory(sku="MUG", on_hand=1)
    take_back("S-1", {"MUG": 2, "CUP": 1})
    assert levels() == {("MUG", "MAIN"): (3, 0), ("CUP", "MAIN"): (1, 0)}
    told = [event["data"] for event in published("inventory.stock_returned")]
    assert [(data["sku"], data["quantity"], data["on_hand"], data["reference"]) for data in told] == [
        ("CUP", 1, 1, "S-1"),
        ("MUG", 2, 3, "S-1"),
    ]


def test_it_can_come_back_to_another_warehouse(levels):
    StockItemFactory(sku="MUG", on_hand=1)
    take_back("S-1", {"MUG": 2}, warehouse=WarehouseFactory(code="RETURNS"))
    assert levels() == {("MUG", "MAIN"): (1, 0), ("MUG", "RETURNS"): (2, 0)}


def test_less_than_one_does_not_come_back():
    with pytest.raises(ShopError, match="not -1 x MUG"):
        take_back("S-1", {"MUG": -1})


def test_availability_leaves_out_what_is_promised_and_what_is_in_closed_warehouses(django_assert_num_queries):
    mug = StockItemFactory(sku="MUG", on_hand=5)
    ReservationFactory(item=mug, quantity=2)
    StockItemFactory(sku="MUG", on_hand=4, warehouse=WarehouseFactory())
    StockItemFactory(sku="MUG", on_hand=9, warehouse=WarehouseFactory(active=False))
    with django_assert_num_queries(1):
        assert availability(["MUG", "NOPE"]) == {"MUG": 7, "NOPE": 0}


def test_low_stock_is_what_to_reorder():
    StockItemFactory(sku="PLENTY", on_hand=6, reorder_level=5)
    StockItemFactory(sku="FEW", on_hand=5, reorder_level=5)
    ReservationFactory(item=StockItemFactory(sku="PROMISED", on_hand=6, reorder_level=5))
    StockItemFactory(sku="SHUT", on_hand=0, warehouse=WarehouseFactory(active=False))
    assert [item.sku for item in low_stock()] == ["FEW", "PROMISED"]


def test_the_list_of_levels_is_one_query(django_assert_num_queries):
    StockItemFactory.create_batch(3)
    with django_assert_num_queries(1):
        assert [str(item.warehouse) for item in stock_levels()] == ["MAIN"] * 3


def test_many_skus_coming_back_cost_no_more_queries_than_one():
    def queries(count):
        with CaptureQueriesContext(connection) as captured:
            take_back(f"S-{count}", {f"SKU-{count}-{number}": 1 for number in range(count)})
        return len(captured)

    WarehouseFactory()
    assert queries(1) == queries(20)
    assert StockItem.objects.count() == 21
