"""What is pending or came to nothing is no sale: for dashboards, parity, and whoever is told of orders again."""

from datetime import UTC, datetime

import pytest
from django.test import TestCase

from monolith.orders.backfill import tell
from monolith.orders.factories import OrderFactory
from monolith.orders.models import Order
from monolith.orders.services import cancel_order
from monolith.reporting import selectors
from monolith.reporting.models import DailySales
from monolith.reporting.parity import orders as compared
from monolith.reporting.signals import LARGE
from strangler.cutover.backfilling import backfills

pytestmark = pytest.mark.django_db


def counted(customer):
    customer.refresh_from_db()
    figures = selectors.today()
    rows = DailySales.objects.filter(day=datetime.now(UTC).date()).values_list("orders", flat=True)
    return {
        "customer": customer.order_count,
        "today": figures.orders,
        "cancelled": figures.cancelled,
        "to ship": figures.to_ship,
        "day": sum(rows),
        "live": selectors.sales_by_day(1)["EUR"][0].orders,
        "cohort": sum(row.orders for row in selectors.cohorts(1)),
        "sold": sum(row.units for row in selectors.top_products(1)),
        "compared": compared().count(),
        "told again": len(list(tell(list(backfills["orders.orders"].rows())))),
    }


def test_a_pending_order_counts_nowhere_until_it_is_placed(pending, sides):
    assert set(counted(pending.customer).values()) == {0}
    sides.deliver_all()
    assert counted(pending.customer) == {
        **dict.fromkeys(("customer", "today", "to ship", "day", "live", "cohort", "compared", "told again"), 1),
        "cancelled": 0,
        "sold": 2,
    }


def test_an_order_that_came_to_nothing_never_was_not_even_a_cancelled_one(cart, sides):
    order = OrderFactory(cart=cart, card_token="tok_declined")
    sides.deliver_all()
    assert set(counted(order.customer).values()) == {0}


def test_a_placed_order_that_is_cancelled_is_one_and_is_told_again(pending, sides):
    sides.deliver_all()
    cancel_order(pending, "changed her mind")
    figures = counted(pending.customer)
    assert (figures["cancelled"], figures["compared"], figures["told again"], figures["today"]) == (1, 1, 2, 0)


def test_the_shop_hears_of_a_large_order_when_it_is_placed_and_once(cart, sides, mailoutbox):
    cart.items.update(quantity=60)
    assert OrderFactory(cart=cart).total > LARGE
    assert [mail for mail in mailoutbox if "Large order" in mail.subject] == []
    sides.deliver_all()
    order = Order.objects.get()
    with TestCase.captureOnCommitCallbacks(execute=True):
        cancel_order(order, "changed her mind")
    assert [mail.subject for mail in mailoutbox if "Large order" in mail.subject] == [f"Large order {order.number}"]
