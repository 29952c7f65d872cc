"""What the services keep true is true of seeded data, too: each query names the rows that break a rule."""

import pytest

from monolith.money import ZERO
from monolith.orders.models import Order
from monolith.orders.pricing import PricedLine, price
from monolith.orders.services import cancel_order, refund_order
from monolith.orders.taxes import RATES
from monolith.shipping.selectors import returnable, shipping_cost
from monolith.shipping.services import deliver, dispatch, receive_return, request_return, ship
from tests.unit.monolith.seed.conftest import rows, seed
from tests.unit.monolith.seed.rules import RULES

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop():
    seed(products=40, customers=60, orders=2500, stock=200)


def broken():
    """The first rows that break a rule, by rule."""
    found = {rule: rows(query, {"until": "2026-10-15 14:30+00"})[:3] for rule, query in RULES.items()}
    return {rule: some for rule, some in found.items() if some}


def test_every_sum_and_every_status_is_right(shop):
    assert broken() == {}


def test_all_stays_right_when_more_is_added_later(shop):
    seed(products=45, customers=70, orders=2800, stock=200, until="2026-10-15T14:30")
    assert broken() == {}


def test_orders_are_priced_as_a_checkout_prices_them(shop):
    for order in Order.objects.prefetch_related("lines__variant__product")[:400]:
        lines = [
            PricedLine(line.sku, line.quantity, line.unit_price, line.variant.product.tax_class)
            for line in order.lines.all()
        ]
        country = order.ship_to["country"]
        goods = order.subtotal - order.discount
        assert order.shipping_cost == shipping_cost(country, order.shipping_method, goods, "EUR")
        if not order.discount:
            totals = price(lines, promotion=None, country=country, shipping_cost=order.shipping_cost)
            assert (order.tax, order.total) == (totals.tax, totals.total)
        assert (order.tax == ZERO) == (country not in RATES)


def test_the_shop_shows_every_kind_of_story(shop):
    counts = dict(rows("SELECT status, count(*) FROM orders_order GROUP BY 1"))
    assert set(counts) == set(Order.Status) - {Order.Status.PENDING}, "what is pending has a saga under way"
    assert counts["completed"] > 2000
    parcels = {row for (row,) in rows("SELECT DISTINCT status FROM shipping_shipment")}
    assert parcels >= {"dispatched", "delivered", "lost"}
    assert rows("SELECT 1 FROM orders_order WHERE promotion_code <> '' AND discount > 0")
    assert rows(
        "SELECT 1 FROM orders_order o JOIN shipping_shipment s ON s.order_id = o.id GROUP BY o.id HAVING count(*) > 1"
    )
    templates = {row for (row,) in rows("SELECT DISTINCT template FROM notifications_email")}
    assert templates >= {"order_confirmation", "payment_receipt", "shipment_dispatched", "refund"}
    per_variant = dict(rows("SELECT variant_id, count(*) FROM catalog_price GROUP BY 1"))
    assert set(per_variant.values()) == {1, 2, 3}
    assert broken() == {}


def test_services_can_go_on_with_seeded_orders(shop):
    shipments = ship(Order.objects.filter(status="placed")[0])
    deliver(dispatch(shipments[0], carrier="Paketo", tracking_number="1"))
    order = Order.objects.filter(status="delivered", returns=None)[0]
    returned = receive_return(request_return(order, returnable(order), "too small"))
    assert returned.refunded == sum(line.total for line in order.lines.all())
    order = Order.objects.filter(status="completed", returns=None)[0]
    assert refund_order(order).status in ("completed", "refunded")
    assert cancel_order(Order.objects.filter(status="placed")[0], "changed my mind").status == "cancelled"
    assert broken() == {}
