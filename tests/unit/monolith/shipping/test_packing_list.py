import pytest

from monolith.errors import NotFound
from monolith.shipping.factories import ReturnFactory, ShipmentFactory
from monolith.shipping.models import Shipment
from monolith.shipping.selectors import (
    packing_list,
    return_visible_to,
    returns_visible_to,
    shipment_visible_to,
    shipments_visible_to,
)
from monolith.shipping.services import ship

pytestmark = pytest.mark.django_db


def printed(lines):
    return [
        (
            line.shipment.warehouse,
            line.shipment.order.customer.name,
            line.order_line.variant.product.name,
            line.quantity,
        )
        for line in lines
    ]


def test_the_packing_list_is_one_query_however_long_it_is(new_order, django_assert_num_queries):
    for items in (1, 3):
        ship(new_order(items=items))
    with django_assert_num_queries(1):
        assert len(printed(packing_list())) == 4


def test_the_packing_list_of_a_warehouse_shows_what_waits_there(two_warehouses):
    order = two_warehouses()
    ship(order)
    ShipmentFactory(status=Shipment.Status.DISPATCHED)
    [line] = printed(packing_list("WEST"))
    assert line == ("WEST", order.customer.name, order.lines.last().variant.product.name, 2)


def test_a_customer_sees_her_own_parcels_and_returns_only(staff):
    mine, other = ReturnFactory(), ReturnFactory()
    user = mine.order.customer.user
    assert list(shipments_visible_to(user)) == list(mine.order.shipments.all())
    assert list(returns_visible_to(user)) == [mine]
    assert return_visible_to(user, mine.number.lower()) == mine
    for look_up, number in (
        (shipment_visible_to, other.order.shipments.get().number),
        (return_visible_to, other.number),
    ):
        with pytest.raises(NotFound, match=number):
            look_up(user, number)
        assert look_up(staff, number).number == number
