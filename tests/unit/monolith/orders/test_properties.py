"""Any cart, through the database: the order, its lines, its payment and its events tell the same sums."""

from decimal import Decimal

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import given, settings
from hypothesis import strategies as st

from monolith.catalog.factories import ProductFactory, VariantFactory
from monolith.inventory.models import Reservation
from monolith.money import CENT, rounded
from monolith.orders.factories import BERLIN, CartFactory, CartItemFactory, OrderFactory, PromotionFactory
from monolith.orders.models import Promotion
from monolith.payments.models import Payment

prices = st.decimals(CENT, 5000, places=2)
items = st.tuples(prices, st.integers(1, 100), st.sampled_from(["standard", "reduced"]))
promotions = st.one_of(
    st.none(),
    st.tuples(st.just(Promotion.Kind.PERCENT), st.decimals(CENT, 100, places=2)),
    st.tuples(st.just(Promotion.Kind.AMOUNT), prices),
)


@pytest.mark.django_db
@settings(max_examples=25, deadline=None)
@given(
    goods=st.lists(items, min_size=1, max_size=5),
    promotion=promotions,
    country=st.sampled_from(["DE", "FR", "PL", "DK", "US"]),
    pay=st.sampled_from(["now", "on_shipment"]),
)
def test_any_order_adds_up(goods, promotion, country, pay):
    with transaction.atomic():
        order = OrderFactory(cart=cart_of(goods, promotion), address=BERLIN._replace(country=country), pay=pay)
        check(order, paid=order.total if pay == "now" else Decimal(0))
        transaction.set_rollback(True)


def cart_of(goods, promotion):
    code = promotion and PromotionFactory(kind=promotion[0], value=promotion[1])
    cart = CartFactory(items=0, promotion=code)
    for price, quantity, tax_class in goods:
        product = ProductFactory(variants=0, tax_class=tax_class)
        CartItemFactory(cart=cart, variant=VariantFactory(product=product, price=price), quantity=quantity)
    return cart


def check(order, paid):
    order.refresh_from_db()
    lines = list(order.lines.all())
    assert order.total == order.subtotal - order.discount + order.shipping_cost + order.tax
    assert order.subtotal == sum(line.subtotal for line in lines)
    assert order.discount == sum(line.discount for line in lines)
    assert all(line.tax == rounded((line.subtotal - line.discount) * line.tax_rate / 100) for line in lines)
    assert order.total - order.shipping_cost >= sum(line.total for line in lines)
    payment = Payment.objects.get(order_number=order.number)
    assert (payment.authorised, payment.captured) == (order.total, paid)
    reserved = Reservation.objects.filter(reference=order.number).aggregate(Sum("quantity"))["quantity__sum"]
    assert reserved == sum(line.quantity for line in lines)
