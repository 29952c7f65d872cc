from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from monolith.catalog.factories import VariantFactory
from monolith.customers.factories import CustomerFactory
from monolith.customers.models import Customer
from monolith.inventory.factories import StockItemFactory
from monolith.orders.factories import CartFactory, CartItemFactory, OrderFactory
from monolith.orders.models import Order
from monolith.orders.services import cancel_order, refund_order
from monolith.reporting.models import DailySales
from tests.support.at_once import at_once

pytestmark = pytest.mark.django_db


def sales(currency="EUR"):
    row = DailySales.objects.get(day=datetime.now(UTC).date(), currency=currency)
    return row.orders, row.revenue


def figures_of(customer):
    customer.refresh_from_db()
    return customer.order_count, customer.lifetime_value


def test_an_order_counts_for_its_day_and_its_customer():
    cart = CartFactory()
    first = OrderFactory(cart=cart)
    CartItemFactory(cart=cart)
    second, customer = OrderFactory(cart=cart), cart.customer
    assert sales() == (2, first.total + second.total) == figures_of(customer)
    assert customer.last_order_at == second.placed_at


def test_a_cancelled_order_never_was():
    order = OrderFactory()
    cancel_order(order, "changed her mind")
    assert sales() == figures_of(order.customer) == (0, 0)
    assert order.customer.last_order_at is None


def test_a_refunded_order_was_but_is_worth_nothing():
    order = OrderFactory()
    refund_order(order, Decimal("1.00"))
    assert sales() == figures_of(order.customer) == (1, order.total)
    refund_order(order)
    assert sales() == figures_of(order.customer) == (1, 0)


def test_each_currency_has_its_own_row_and_the_customers_value_is_in_euro():
    variant = VariantFactory(currency="USD")
    StockItemFactory(sku=variant.sku)
    cart = CartFactory(items=0)
    CartItemFactory(cart=cart, variant=variant)
    order = OrderFactory(cart=cart)
    OrderFactory()
    assert sales("USD") == (1, order.total)
    assert sales("EUR")[0] == 1
    assert figures_of(cart.customer) == (1, 0)


def test_an_order_of_last_month_is_cancelled_in_last_month():
    order = OrderFactory()
    then = order.placed_at - timedelta(days=30)
    Order.objects.update(placed_at=then)
    DailySales.objects.update(day=then.date())
    cancel_order(order, "never came")
    assert DailySales.objects.values_list("day", "orders", "revenue").get() == (then.date(), 0, 0)


def test_what_does_not_change_the_figures_does_not_touch_them():
    order = OrderFactory()
    order.status = Order.Status.SHIPPED
    with CaptureQueriesContext(connection) as queries:
        order.save(update_fields=["status"])
    assert len(queries) == 1


def test_a_rolled_back_order_counts_nowhere():
    customer = CustomerFactory()
    with transaction.atomic():
        OrderFactory(cart=CartFactory(customer=customer))
        transaction.set_rollback(True)
    assert figures_of(customer) == (0, 0)
    assert not DailySales.objects.exists()


@pytest.mark.parametrize(("price", "mails"), [("400.00", 0), ("500.00", 1)])
def test_the_shop_is_told_about_large_orders_once_they_are_committed(
    price, mails, mailoutbox, settings, django_capture_on_commit_callbacks
):
    settings.SHOP_EMAIL = "boss@shop.example"
    variant = VariantFactory(price=Decimal(price))
    StockItemFactory(sku=variant.sku)
    cart = CartFactory(items=0)
    CartItemFactory(cart=cart, variant=variant, quantity=2)
    with django_capture_on_commit_callbacks(execute=True):
        order = OrderFactory(cart=cart)
        cancel_order(order, "a joke")
        assert mailoutbox == []
    told = [mail for mail in mailoutbox if mail.to == ["boss@shop.example"]]
    assert [mail.subject for mail in told] == [f"Large order {order.number}"] * mails


@pytest.mark.django_db(transaction=True)
def test_orders_placed_at_once_are_all_counted():
    carts = CartFactory.create_batch(6)
    orders, _ = at_once([lambda cart=cart: OrderFactory(cart=cart) for cart in carts])
    assert sales() == (6, sum(order.total for order in orders))


@pytest.mark.django_db(transaction=True)
def test_orders_cancelled_refunded_and_placed_at_once_leave_the_figures_right():
    gone = [OrderFactory() for _ in range(3)]
    refunded = [OrderFactory() for _ in range(2)]
    carts = CartFactory.create_batch(3)
    at_once(
        [
            *(lambda order=order: cancel_order(order, "no") for order in gone),
            *(lambda order=order: refund_order(order) for order in refunded),
            *(lambda cart=cart: OrderFactory(cart=cart) for cart in carts),
        ]
    )
    kept = Order.objects.exclude(status__in=["cancelled", "refunded"])
    assert kept.count() == 3
    assert sales() == (5, sum(order.total for order in kept))
    assert sum(Customer.objects.values_list("order_count", flat=True)) == 5


@pytest.mark.django_db(transaction=True)
def test_placing_and_cancelling_orders_for_the_same_goods_does_not_deadlock():
    """Both lock the goods and the day's row: they must do it in the same order."""
    variant = VariantFactory()
    StockItemFactory(sku=variant.sku)
    carts = CartFactory.create_batch(8, items=0)
    for cart in carts:
        CartItemFactory(cart=cart, variant=variant, quantity=1)
    orders = [OrderFactory(cart=cart) for cart in carts[:4]]
    placed, refused = at_once(
        [
            *(lambda order=order: cancel_order(order, "no") for order in orders),
            *(lambda cart=cart: OrderFactory(cart=cart) for cart in carts[4:]),
        ]
    )
    assert (len(placed), refused, sales()[0]) == (8, [], 4)
