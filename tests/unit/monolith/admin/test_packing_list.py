import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from monolith.orders.factories import CartFactory, OrderFactory
from monolith.shipping.factories import ShipmentFactory

pytestmark = pytest.mark.django_db

PAGE = "admin:shipping_packing_list"


def test_every_parcel_that_waits_is_on_the_list_with_its_goods_and_address(desk):
    waiting, gone = ShipmentFactory(order=OrderFactory(cart=CartFactory(items=2))), ShipmentFactory(status="dispatched")
    page = desk.get(reverse(PAGE)).content.decode()
    assert page.count(waiting.number) == 1
    assert gone.number not in page
    for line in waiting.order.lines.all():
        assert line.sku in page
    assert waiting.order.ship_to["street"] in page


def test_a_warehouse_prints_its_own(desk):
    parcel = ShipmentFactory()
    assert parcel.number in desk.get(reverse(PAGE), {"warehouse": "MAIN"}).content.decode()
    assert "Nothing waits" in desk.get(reverse(PAGE), {"warehouse": "NORTH"}).content.decode()


def test_more_parcels_take_no_more_queries(desk):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            desk.get(reverse(PAGE))
        return len(captured)

    ShipmentFactory()
    queries()
    few = queries()
    for _ in range(3):
        ShipmentFactory(order=OrderFactory(cart=CartFactory(items=2)))
    assert queries() == few
