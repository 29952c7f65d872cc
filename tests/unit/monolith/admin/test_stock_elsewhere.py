"""What the back office shows of stock that the service owns, and what it leaves to the service."""

import pytest

from monolith.inventory.factories import ChangeFactory, OwnershipFactory, StockItemFactory, WarehouseFactory
from monolith.inventory.models import Change, Ownership, StockItem
from monolith.inventory.ownership import hand_over
from tests.unit.monolith.admin.conftest import act, messages_of, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def mug():
    """Kept by the service; of CUPs there are some here."""
    StockItemFactory(sku="CUP", on_hand=5)
    item = StockItemFactory(sku="MUG", on_hand=5)
    hand_over(["MUG"])
    return item


def test_a_stock_item_says_who_owns_it_and_is_only_shown_where_it_is_the_service(desk, mug):
    rows = desk.get(url(StockItem, "changelist")).context["cl"].result_list
    assert {item.sku: item.owner for item in rows} == {"MUG": "service", "CUP": "monolith"}
    page = desk.get(url(StockItem, "change", mug.pk))
    assert (page.status_code, page.context["has_change_permission"]) == (200, False)
    assert "service" in page.content.decode()
    assert desk.post(url(StockItem, "change", mug.pk), {"adjust_by": 3, "reason": "x"}).status_code == 403
    cup = StockItem.objects.get(sku="CUP")
    assert desk.get(url(StockItem, "change", cup.pk)).context["has_change_permission"]


def test_restocking_is_done_for_what_is_here_and_refused_by_name_for_the_rest(desk, mug):
    said = act(desk, StockItem, "restock", by=3, reason="delivery")
    assert [each for each in said if "MUG" in each] == [
        "MUG can't be restocked here: the stock of MUG is kept by the inventory service. Do it in the admin of that "
        "service, and here for the other SKUs alone."
    ]
    assert "Restocked: 1" in said
    assert dict(StockItem.objects.values_list("sku", "on_hand")) == {"MUG": 5, "CUP": 8}


def test_the_first_units_of_such_a_sku_in_a_warehouse_are_not_put_there_by_hand(desk, mug):
    form = {"sku": "MUG", "warehouse": WarehouseFactory().pk, "adjust_by": 3, "reason": "x", "reorder_level": 5}
    answer = desk.post(url(StockItem, "add"), form, follow=True)
    assert [each for each in messages_of(answer) if "kept by the inventory service" in each]
    assert (StockItem.objects.count(), Change.objects.count()) == (2, 0)


def test_what_is_not_answered_yet_is_found(desk):
    ChangeFactory(reference="S-OPEN")
    ChangeFactory(reference="S-DONE")
    Change.objects.filter(reference="S-DONE").update(status="done")
    for asked, expected in (("yes", ["S-OPEN"]), ("no", ["S-DONE"])):
        page = desk.get(url(Change, "changelist"), {"open": asked})
        assert [change.reference for change in page.context["cl"].result_list] == expected


def test_who_has_a_sku_is_found_by_its_owner(desk):
    OwnershipFactory(sku="MUG")
    Ownership.objects.create(sku="CUP", owner="monolith", epoch=2, since="2026-11-26T12:00:00Z")
    page = desk.get(url(Ownership, "changelist"), {"owner__exact": "service"})
    assert [row.sku for row in page.context["cl"].result_list] == ["MUG"]
