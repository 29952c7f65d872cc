from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from monolith.catalog.factories import PriceFactory, VariantFactory
from monolith.catalog.models import Variant
from monolith.inventory.factories import StockItemFactory
from monolith.inventory.models import StockItem
from monolith.notifications.factories import EmailFactory
from monolith.notifications.models import Email
from monolith.orders.factories import CartFactory, CartItemFactory, OrderFactory
from monolith.orders.models import Order
from monolith.orders.services import cancel_order, refund_order
from monolith.payments.models import Payment
from monolith.reporting import selectors
from monolith.reporting.factories import DailySalesFactory
from monolith.shipping.factories import ReturnFactory, ShipmentFactory
from monolith.shipping.models import Return, Shipment

pytestmark = pytest.mark.django_db

TODAY = datetime.now(UTC).date()


def in_dollars(**more):
    variant = VariantFactory(currency="USD")
    StockItemFactory(sku=variant.sku)
    cart = CartFactory(items=0)
    CartItemFactory(cart=cart, variant=variant)
    return OrderFactory(cart=cart, **more)


def test_today_tells_what_the_people_in_the_office_ask_for_first():
    kept, dollars, cancelled, refunded = OrderFactory(), in_dollars(), OrderFactory(), OrderFactory()
    cancel_order(cancelled, "changed her mind")
    refund_order(refunded)
    refund_order(dollars, Decimal("1.00"))
    ShipmentFactory(status=Shipment.Status.DISPATCHED)
    returned = ReturnFactory()
    EmailFactory()
    Email.objects.filter(order_number="S-0000-0000-0001").update(status="failed")
    figures = selectors.today()
    in_euro = Order.objects.filter(currency="EUR").exclude(status__in=["cancelled", "refunded"])
    assert (figures.day, figures.orders, figures.cancelled) == (TODAY, 5, 1)
    assert figures.revenue == {"EUR": sum(order.total for order in in_euro), "USD": dollars.total}
    assert figures.refunded == {"EUR": refunded.total + cancelled.total, "USD": Decimal("1.00")}
    assert (figures.to_ship, figures.under_way, figures.open_returns) == (2, 1, 1)
    assert (figures.failed_emails, figures.new_customers) == (1, 6)
    assert returned.order in in_euro
    assert kept in in_euro


def test_today_counts_what_runs_short():
    StockItemFactory(on_hand=5)
    StockItemFactory(on_hand=6)
    assert selectors.today().low_stock == 1
    StockItem.objects.update(reserved=1)
    assert selectors.today().low_stock == 2


def test_an_empty_shop_has_figures_too():
    assert selectors.today().revenue == {}
    assert selectors.sales_by_day(3) == {"EUR": [(TODAY - timedelta(days=n), 0, 0) for n in (2, 1, 0)]}
    assert selectors.top_products(30) == selectors.top_customers() == []
    assert selectors.stock_value() == selectors.delivery_times(30) == selectors.refund_rate(30) == []


def test_days_without_a_sale_are_shown_as_zero_and_today_is_counted_live():
    DailySalesFactory(day=TODAY - timedelta(days=2), orders=3, revenue=Decimal("30.00"))
    DailySalesFactory(day=TODAY - timedelta(days=4), orders=9, revenue=Decimal("90.00"))
    DailySalesFactory(day=TODAY - timedelta(days=1), currency="USD", orders=1, revenue=Decimal("7.00"))
    order = OrderFactory()
    assert selectors.sales_by_day(4) == {
        "EUR": [
            (TODAY - timedelta(days=3), 0, 0),
            (TODAY - timedelta(days=2), 3, Decimal("30.00")),
            (TODAY - timedelta(days=1), 0, 0),
            (TODAY, 1, order.total),
        ],
        "USD": [(TODAY - timedelta(days=n), 0, 0) for n in (3, 2)]
        + [(TODAY - timedelta(days=1), 1, Decimal("7.00")), (TODAY, 0, 0)],
    }


def test_the_best_products_are_those_that_brought_most_in_one_currency():
    in_dollars()
    cheap, dear = VariantFactory(price=Decimal("1.00")), VariantFactory(price=Decimal("50.00"))
    cart = CartFactory(items=0)
    for variant, quantity in ((cheap, 9), (dear, 1)):
        StockItemFactory(sku=variant.sku)
        CartItemFactory(cart=cart, variant=variant, quantity=quantity)
    order = OrderFactory(cart=cart)
    category = dear.product.category.name
    assert selectors.top_products(30) == [
        (dear.sku, dear.product.name, category, 1, Decimal("50.00"), "EUR"),
        (cheap.sku, cheap.product.name, category, 9, Decimal("9.00"), "EUR"),
    ]
    assert [product.sku for product in selectors.top_products(30, limit=1)] == [dear.sku]
    assert len(selectors.top_products(30, currency="USD")) == 1
    refund_order(order)
    assert selectors.top_products(30) == []


def test_the_best_customers_come_with_what_they_sent_back():
    returned = ReturnFactory(status=Return.Status.RECEIVED)
    big = OrderFactory(cart=CartFactory(items=3))
    best, second = selectors.top_customers(2)
    assert (best.customer_id, best.orders, best.returns, best.lifetime_value) == (big.customer_id, 1, 0, big.total)
    assert (second.customer_id, second.returns) == (returned.order.customer_id, 1)


def test_stock_is_worth_what_it_would_sell_for_today():
    variant = VariantFactory(price=Decimal("10.00"))
    PriceFactory(variant=variant, amount=Decimal("12.00"), valid_from=timezone.now() - timedelta(hours=1))
    PriceFactory(variant=variant, amount=Decimal("99.00"), valid_from=timezone.now() + timedelta(days=1))
    StockItemFactory(sku=variant.sku, on_hand=10)
    StockItemFactory(sku=VariantFactory(currency="USD", price=Decimal("2.00")).sku, on_hand=3)
    StockItemFactory(sku=VariantFactory(price=None).sku, on_hand=7)
    assert Variant.objects.count() == 3
    assert selectors.stock_value() == [("MAIN", "EUR", 10, Decimal("120.00")), ("MAIN", "USD", 3, Decimal("6.00"))]


def test_delivery_takes_from_the_order_to_the_door():
    now = timezone.now()
    for hours in (10, 20, 30):
        shipment = ShipmentFactory(status=Shipment.Status.DELIVERED)
        Order.objects.filter(pk=shipment.order_id).update(placed_at=now - timedelta(hours=hours))
    Shipment.objects.update(delivered_at=now)
    ShipmentFactory(status=Shipment.Status.DISPATCHED)
    assert selectors.delivery_times(7) == [("MAIN", "standard", 3, 20.0, 28.0)]
    Shipment.objects.update(delivered_at=now - timedelta(days=8))
    assert selectors.delivery_times(7) == []


def test_the_refund_rate_is_kept_per_currency():
    order, other = OrderFactory(), in_dollars()
    refund_order(order, Decimal("1.00"))
    euro, dollar = selectors.refund_rate(30)
    assert (euro.currency, euro.captured, euro.refunded) == ("EUR", order.total, Decimal("1.00"))
    assert euro.rate == (100 / order.total).quantize(Decimal("0.1"))
    assert dollar == ("USD", other.total, 0, 0)
    Payment.objects.update(created_at=timezone.now() - timedelta(days=31))
    assert selectors.refund_rate(30) == []


def test_more_orders_take_no_more_queries():
    def queries():
        with CaptureQueriesContext(connection) as caught:
            selectors.today()
            selectors.sales_by_day(30)
            selectors.top_products(30)
            selectors.top_customers()
            selectors.stock_value()
            selectors.delivery_times(30)
            selectors.refund_rate(30)
        return len(caught)

    ReturnFactory(status=Return.Status.RECEIVED)
    few = queries()
    for _ in range(3):
        ReturnFactory(status=Return.Status.RECEIVED)
        in_dollars()
    assert queries() == few
