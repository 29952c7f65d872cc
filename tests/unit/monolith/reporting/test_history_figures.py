from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from monolith.inventory.factories import StockItemFactory
from monolith.inventory.services import adjust_stock
from monolith.orders.factories import CartFactory, CartItemFactory, OrderFactory
from monolith.orders.models import Order
from monolith.orders.services import cancel_order, refund_order
from monolith.reporting import selectors
from monolith.shipping.factories import ReturnFactory
from monolith.shipping.models import Return

pytestmark = pytest.mark.django_db

THIS_MONTH = datetime.now(UTC).date().replace(day=1)
LAST_MONTH = (THIS_MONTH - timedelta(days=1)).replace(day=1)


def a_month_ago(order):
    Order.objects.filter(pk=order.pk).update(placed_at=datetime(LAST_MONTH.year, LAST_MONTH.month, 9, tzinfo=UTC))


def test_a_cohort_is_of_those_who_came_in_one_month_and_tells_who_came_back():
    cart = CartFactory()
    first = OrderFactory(cart=cart)
    a_month_ago(first)
    CartItemFactory(cart=cart)
    second, other = OrderFactory(cart=cart), OrderFactory()
    gone = OrderFactory()
    cancel_order(gone, "no")
    refund_order(other)
    assert selectors.cohorts() == [
        (LAST_MONTH, LAST_MONTH, 1, 1, first.total),
        (LAST_MONTH, THIS_MONTH, 1, 1, second.total),
        (THIS_MONTH, THIS_MONTH, 1, 1, 0),
    ]
    assert [row.first for row in selectors.cohorts(months=1)] == [THIS_MONTH]
    assert selectors.cohorts(currency="USD") == []


def test_stock_turns_by_what_is_shipped_of_what_is_there():
    line = ReturnFactory(status=Return.Status.RECEIVED).order.lines.get()
    adjust_stock(StockItemFactory().sku, by=5, reason="counted")
    [row] = selectors.stock_turnover()
    assert (row.sku, row.shipped, row.opening) == (line.sku, line.quantity, 0)
    assert row.closing == 100 - line.quantity + row.returned
    assert row.turnover == (Decimal(2 * line.quantity) / row.closing).quantize(Decimal("0.01"))
    assert row.returned > 0
