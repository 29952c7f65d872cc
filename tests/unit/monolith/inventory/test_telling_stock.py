"""All there is to know of the stock, told to whoever was not there, and compared with what they have made of it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from monolith.inventory import backfill
from monolith.inventory.factories import ReservationFactory, StockItemFactory, WarehouseFactory
from monolith.inventory.models import Reservation, StockItem
from monolith.inventory.ownership import hand_over
from monolith.inventory.parity import active_promises, places, promises, stock
from monolith.inventory.services import reserve
from strangler.cutover.backfilling import backfills
from strangler.cutover.parity.declared import parities
from strangler.cutover.parity.repair import require_repairable
from strangler.cutover.parity.table import Table

pytestmark = pytest.mark.django_db


@pytest.fixture
def goods():
    """MUGs in two warehouses, of which S-1 has three, and CUPs in one."""
    mug = StockItemFactory(sku="MUG", on_hand=5)
    StockItemFactory(sku="CUP", on_hand=2)
    StockItemFactory(sku="MUG", on_hand=0, warehouse=WarehouseFactory(code="FAR"))
    ReservationFactory(item=mug, reference="S-1", quantity=1)
    ReservationFactory(item=mug, reference="S-1", quantity=2)


def test_each_sku_is_told_once_with_all_its_places_and_promises(goods):
    told = backfills["inventory.stock"]
    rows = list(told.rows().order_by("pk"))
    assert [row.sku for row in rows] == ["MUG", "CUP"]
    cup, mug = told(rows)
    assert (cup.sku, [place.on_hand for place in cup.places], cup.promises) == ("CUP", [2], ())
    assert [(place.warehouse.code, place.on_hand, place.reserved) for place in mug.places] == [
        ("MAIN", 5, 3),
        ("FAR", 0, 0),
    ]
    assert [(each.reference, each.quantity) for each in mug.promises] == [("S-1", 1), ("S-1", 2)]


def test_what_the_service_owns_it_is_not_told(goods):
    hand_over(["MUG"])
    told = backfills["inventory.stock"]
    assert [event.sku for event in told(list(told.rows()))] == ["CUP"]


@pytest.mark.parametrize("name", ["inventory.stock", "inventory.places", "inventory.promises"])
def test_more_rows_take_no_more_queries(goods, name):
    def queries():
        rows = list(backfills[name].rows())
        with CaptureQueriesContext(connection) as captured:
            list(backfills[name](rows))
        return len(captured)

    few = queries()
    for number in range(20):
        reserve("S-2", {StockItemFactory(sku=f"SKU-{number}").sku: 1})
    assert queries() == few


def test_a_row_is_a_place_or_what_is_promised_to_a_reference_there(goods):
    assert set(stock().values_list("place", "on_hand", "reserved")) == {("MUG MAIN", 5, 3), ("CUP MAIN", 2, 0)}
    assert list(promises().values_list("place", "units")) == [("S-1 MUG MAIN", 3)]


@pytest.mark.parametrize("name", ["stock", "promises", "movements"])
def test_what_is_compared_can_be_compared_and_mended(goods, name):
    declared = parities["inventory", name]
    shape = Table(declared).shape()
    assert shape.key == declared.key
    require_repairable(declared)


@pytest.mark.parametrize(
    ("name", "rows", "key"),
    [("inventory.places", places, "MUG FAR"), ("inventory.promises", active_promises, "S-1 MUG MAIN")],
)
def test_a_difference_is_mended_by_telling_the_whole_sku(goods, name, rows, key):
    found = list(backfills[name].rows().filter(place__in=[key]))
    assert [event.sku for event in backfills[name](found)] == ["MUG"]
    assert rows().model in {StockItem, Reservation}


def test_the_first_item_of_a_sku_stands_for_it(goods):
    assert set(backfill.first_items().values_list("sku", "warehouse__code")) == {("MUG", "MAIN"), ("CUP", "MAIN")}
