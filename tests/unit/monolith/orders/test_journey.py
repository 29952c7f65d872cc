"""What shipping tells an order, and what the order tells everybody."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from monolith.errors import IllegalTransition
from monolith.orders.factories import OrderFactory
from monolith.orders.models import Order
from monolith.orders.services import record_delivery, record_return, record_shipment
from strangler.outbox.models import OutboxMessage

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(db):
    order = OrderFactory()
    OutboxMessage.objects.all().delete()
    return order


def test_an_order_in_three_parcels(order, published):
    for complete in (False, False, True):
        record_shipment(order, complete=complete)
    assert [event["data"]["complete"] for event in published("orders.order_shipped")] == [False, False, True]
    order.refresh_from_db()
    assert order.status == "shipped"
    assert order.shipped_at


def test_a_part_of_an_order_is_not_the_order(order):
    order = record_shipment(order, complete=False)
    assert (order.status, order.shipped_at) == ("partially_shipped", None)
    with pytest.raises(IllegalTransition, match="only become partially_shipped or shipped or refunded"):
        record_delivery(order)


def test_a_delivered_order_can_come_back(order, published_types):
    record_shipment(order, complete=True)
    assert record_delivery(order).delivered_at
    assert record_return(order).status == "returned"
    assert published_types() == ["orders.order_shipped", "orders.order_delivered", "orders.order_returned"]


@pytest.mark.parametrize("record", [record_delivery, record_return])
def test_what_was_not_shipped_is_neither_delivered_nor_returned(order, record):
    with pytest.raises(IllegalTransition, match="is placed and can't become"):
        record(order)
    assert not OutboxMessage.objects.exists()


def test_complete_orders_ends_what_was_delivered_long_ago(order, capsys, published_types):
    record_shipment(order, complete=True)
    record_delivery(order)
    call_command("complete_orders")
    assert Order.objects.get().status == "delivered"
    Order.objects.update(delivered_at=timezone.now() - timedelta(days=30))
    call_command("complete_orders")
    assert Order.objects.get().status == "completed"
    assert capsys.readouterr().out == "0 orders completed\n1 orders completed\n"
    assert "orders.order_completed" not in published_types()


def test_complete_orders_looks_only_back():
    with pytest.raises(CommandError, match="--days can't be negative, and -1 is"):
        call_command("complete_orders", days=-1)
