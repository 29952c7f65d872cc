"""A SKU of which the monolith never told: its own to hand over, until it has deleted its stock."""

import pytest

from extracted.inventory.errors import NotTheOwner
from extracted.inventory.models import Ownership
from extracted.inventory.services import adjust_stock, set_reorder_level
from tests.unit.extracted.inventory.books import levels, published
from tests.unit.extracted.inventory.factories import handed_over, recalled, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def alone(settings):
    settings.OWNS_NEW_SKUS = True


def test_as_long_as_the_monolith_has_stock_a_new_sku_is_not_taken():
    with pytest.raises(NotTheOwner, match="The stock of NEW is the monolith's"):
        adjust_stock("NEW", by=3, reason="received")


@pytest.mark.usefixtures("alone")
def test_afterwards_it_is_in_stock_here_from_the_start():
    adjust_stock("NEW", by=3, reason="received")
    adjust_stock("NEW", by=1, reason="found")
    assert levels()["NEW", "MAIN"] == (4, 0)
    assert Ownership.objects.get(sku="NEW").is_here


@pytest.mark.usefixtures("alone")
def test_what_the_monolith_ever_told_of_is_never_taken_by_force(handle):
    handle(told("CUP", {"NEAR": (3, 0)}), handed_over("MUG", {"NEAR": (3, 0)}))
    handle(recalled("MUG", epoch=Ownership.objects.get(sku="MUG").epoch))
    for sku in ("CUP", "MUG"):
        with pytest.raises(NotTheOwner, match=sku):
            adjust_stock(sku, by=1, reason="received")


def test_a_reorder_level_is_told_by_who_has_the_stock(handle):
    handle(handed_over("MUG", {"NEAR": (3, 0)}), told("CUP", {"NEAR": (3, 0)}))
    set_reorder_level("MUG", 2, warehouse="NEAR")
    [(_, state)] = published("stock_told")
    assert [place["reorder_level"] for place in state["places"]] == [2]
    with pytest.raises(NotTheOwner, match="CUP"):
        set_reorder_level("CUP", 2, warehouse="NEAR")
