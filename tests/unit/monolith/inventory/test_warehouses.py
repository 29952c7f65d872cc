"""Warehouses are the monolith's in every stage: the service is told of each change at once."""

import pytest
from django.db import transaction

from monolith.inventory.factories import StockItemFactory, WarehouseFactory
from monolith.inventory.models import Warehouse
from monolith.inventory.ownership import hand_over
from monolith.inventory.parity import warehouses
from monolith.inventory.services import adjust_stock, save_warehouse
from strangler.cutover.backfilling import backfills
from strangler.cutover.parity.declared import parities
from strangler.cutover.parity.repair import require_repairable

pytestmark = pytest.mark.django_db
CHANGED = "inventory.warehouse_changed"


def test_a_change_is_told_whole_and_numbered_whoever_owns_what_lies_there(published):
    north = WarehouseFactory(code="NORTH", name="North", priority=20)
    StockItemFactory(sku="MUG", on_hand=5, warehouse=north)
    hand_over(["MUG"])
    for north.priority, north.active in ((5, True), (5, False)):
        save_warehouse(north)
    told = {"code": "NORTH", "name": "North", "country": "DE", "priority": 5}
    assert [event["data"] for event in published(CHANGED)] == [
        {**told, "active": True, "revision": 2},
        {**told, "active": False, "revision": 3},
    ]


def test_a_new_one_is_told_and_so_is_the_one_that_a_shop_opens_by_itself(published):
    adjust_stock("MUG", by=5, reason="delivery")
    save_warehouse(Warehouse(code="NORTH", name="North"))
    adjust_stock("MUG", by=5, reason="delivery")
    assert [(each["data"]["code"], each["data"]["revision"]) for each in published(CHANGED)] == [
        ("MAIN", 1),
        ("NORTH", 1),
    ]


def test_a_change_that_is_rolled_back_was_never_told(published):
    with transaction.atomic():
        save_warehouse(Warehouse(code="NORTH", name="North"))
        transaction.set_rollback(True)
    assert published() == []


def test_what_is_told_of_a_sku_says_which_change_of_its_warehouse_is_meant(published):
    save_warehouse(StockItemFactory(sku="MUG", on_hand=5).warehouse)
    hand_over(["MUG"])
    assert published("inventory.stock_handed_over")[0]["data"]["places"][0]["warehouse"]["revision"] == 2


def test_they_are_compared_and_told_again_with_their_numbers():
    save_warehouse(WarehouseFactory(code="NORTH"))
    assert [row["code"] for row in warehouses()] == ["NORTH"]
    require_repairable(parities["inventory", "warehouses"])
    tell = backfills["inventory.warehouses"]
    assert [(event.code, event.revision) for event in tell(list(tell.rows()))] == [("NORTH", 2)]
