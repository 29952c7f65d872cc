"""Copies of the monolith's warehouses, which have an order of their own beside that of the stock."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from extracted.inventory.models import Reservation, Warehouse
from extracted.inventory.parity import warehouses
from extracted.inventory.selectors import availability
from tests.unit.extracted.inventory.books import published
from tests.unit.extracted.inventory.factories import changed, handed_over, message, requested, told

pytestmark = pytest.mark.django_db


def priorities() -> dict[str, int]:
    return dict(Warehouse.objects.values_list("code", "priority"))


def test_a_change_counts_at_once_also_for_stock_that_is_owned_here(handle):
    handle(handed_over("MUG", {"NEAR": (5, 0), "FAR": (5, 0)}))
    handle(changed("FAR", 2, priority=0), requested("reserve", "S-1", skus={"MUG": 1}))
    handle(changed("FAR", 3, active=False), requested("reserve", "S-2", skus={"MUG": 1}))
    assert dict(Reservation.objects.values_list("reference", "item__warehouse__code")) == {"S-1": "FAR", "S-2": "NEAR"}
    assert availability(["MUG"]) == {"MUG": 4}
    assert [name for name, _ in published() if name.startswith("warehouse")] == [], "nothing echoes"


def test_what_comes_late_or_twice_changes_nothing(handle):
    late, now = message(changed("NEAR", 2, priority=5)), message(changed("NEAR", 3, priority=7))
    handle(now, now)
    handle(late)
    handle(told("MUG", {"NEAR": (5, 0)}), handed_over("CUP", {"NEAR": (5, 0)}))
    assert priorities() == {"NEAR": 7}
    handle(message(changed("NEAR", 3, priority=7), again=True))
    assert priorities() == {"NEAR": 7}


def test_of_several_that_come_together_the_last_change_holds(handle):
    handle(changed("NEAR", 4, priority=4), changed("FAR", 1, priority=6), changed("NEAR", 3, priority=3))
    assert priorities() == {"NEAR": 4, "FAR": 6}


def test_a_sku_that_is_told_later_than_the_change_brings_what_it_knew_to_its_levels_alone(handle):
    """Two keys have no order between them: the state was written down before the change, and came after it."""
    handle(changed("NEAR", 2, active=False))
    handle(handed_over("MUG", {"NEAR": (5, 0), "FAR": (2, 0)}))
    assert availability(["MUG"]) == {"MUG": 2}
    handle(requested("reserve", "S-1", skus={"MUG": 1}))
    assert Reservation.objects.get().item.warehouse.code == "FAR"


def test_what_this_service_would_tell_itself_is_no_news(handle):
    handle(message(changed("NEAR", 2), source="inventory"))
    assert not Warehouse.objects.exists()


def test_any_number_of_them_takes_the_same_few_statements(handle):
    def statements(count: int, revision: int) -> int:
        with CaptureQueriesContext(connection) as found:
            handle(*(changed(f"W-{n}", revision) for n in range(count)))
        return len(found)

    assert statements(20, 1) == statements(2, 2)
    assert len(warehouses()) == 20
