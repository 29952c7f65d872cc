"""Two tangles change orders and tell nobody (appendix, 5 and 6): what that does to the figures, how it is mended."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from extracted.reporting import selectors as service
from monolith.orders.housekeeping import complete_delivered_orders
from monolith.orders.models import Order
from monolith.orders.services import refund_order
from monolith.orders.write_off import lost_parcels_of, write_off_lost_parcel
from monolith.reporting import selectors as monolith
from monolith.shipping import services as shipping
from tests.unit.extracted.reporting_beside.shop import BACKFILLS, same

pytestmark = pytest.mark.django_db


@pytest.fixture
def caught_up(shop):
    for number in range(2):
        shop.buy(number, {"MUG": 1, "PAN": 2})
    for what in BACKFILLS:
        shop.backfill(what)
    shop.catch_up()
    shop.compare()
    return shop


def test_completing_orders_in_bulk_changes_no_figure(caught_up):
    caught_up.send(0)
    Order.objects.update(delivered_at=timezone.now() - timedelta(days=40))
    assert complete_delivered_orders() == 1
    caught_up.catch_up()
    caught_up.compare()


def test_a_parcel_written_off_takes_revenue_from_the_monolith_alone_until_it_is_told_again(caught_up):
    order = caught_up.orders[0]
    refund_order(order, order.total - sum(line.total for line in order.lines.all()))  # all but the goods
    [parcel] = shipping.ship(order)
    shipping.dispatch(parcel, carrier="Paketo", tracking_number="PA1")
    caught_up._carry()
    write_off_lost_parcel(lost_parcels_of(Order.objects.all()).get())
    assert Order.objects.get(pk=order.pk).status == Order.Status.REFUNDED
    caught_up.catch_up()
    ours, theirs = (side.sales_by_day(1)["EUR"][0] for side in (monolith, service))
    assert (ours.orders, theirs.orders) == (2, 2)
    assert theirs.revenue - ours.revenue == order.total > Decimal(0)
    caught_up.backfill("orders")
    caught_up.catch_up()
    caught_up.compare()


def test_both_sides_answer_alike_in_an_empty_shop(shop):
    same(monolith.sales_by_day(30), service.sales_by_day(30))
    same(monolith.cohorts(), service.cohorts())
