from functools import partial

import pytest
from django.db.models import Sum
from hypothesis import given, settings
from hypothesis import strategies as st

from monolith.catalog.factories import VariantFactory
from monolith.errors import EmptyCart, IllegalTransition, OutOfStock, PaymentDeclined, PromotionRefused
from monolith.inventory.factories import StockItemFactory
from monolith.inventory.models import Reservation, StockItem
from monolith.orders.factories import BERLIN, CartFactory, CartItemFactory, OrderFactory, PromotionFactory
from monolith.orders.models import Order, OrderLine, Promotion
from monolith.orders.services import cancel_order, checkout, refund_order
from monolith.payments.models import LedgerEntry, Payment
from strangler.saga.models import SagaInstance
from tests.support.at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def check_out_at_once(carts):
    return at_once(
        [partial(checkout, cart, address=BERLIN, card_token="tok_visa") for cart in carts],
        expected=(EmptyCart, OutOfStock, PromotionRefused),
    )


def test_concurrent_checkouts_never_sell_more_than_there_is():
    variant = VariantFactory()
    StockItemFactory(sku=variant.sku, on_hand=5)
    carts = [CartItemFactory(variant=variant, stock=None, quantity=1).cart for _ in range(8)]
    orders, refused = check_out_at_once(carts)
    assert len(orders) == 5
    assert [type(error) for error in refused] == [OutOfStock] * 3
    item = StockItem.objects.get()
    assert (item.on_hand, item.reserved, item.available) == (5, 5, 0)
    assert Reservation.objects.filter(status="active").aggregate(Sum("quantity")) == {"quantity__sum": 5}


@settings(max_examples=6, deadline=None)
@given(
    units=st.integers(0, 12),
    wishes=st.lists(
        st.tuples(
            st.integers(1, 5),
            st.sampled_from(["now", "on_shipment"]),
            st.sampled_from(["tok_visa"] * 3 + ["tok_declined"]),
        ),
        min_size=2,
        max_size=6,
    ),
)
def test_whatever_is_wanted_at_once_is_sold_and_paid_once_or_not_at_all(units, wishes):
    """At stage `monolith`: what is refused leaves nothing behind, not even its saga."""
    variant = VariantFactory()
    StockItemFactory(sku=variant.sku, on_hand=units)
    carts = [CartItemFactory(variant=variant, stock=None, quantity=quantity).cart for quantity, *_ in wishes]
    orders, refused = at_once(
        [
            partial(checkout, cart, address=BERLIN, card_token=card, pay=pay)
            for cart, (_, pay, card) in zip(carts, wishes, strict=True)
        ],
        expected=(OutOfStock, PaymentDeclined),
    )
    assert len(orders) + len(refused) == len(wishes)
    lines = OrderLine.objects.filter(sku=variant.sku)
    sold = sum(lines.values_list("quantity", flat=True))
    item = StockItem.objects.get(sku=variant.sku)
    assert item.reserved == sold <= units == item.on_hand
    assert {order.status for order in Order.objects.filter(lines__in=lines)} <= {"placed"}
    numbers = {order.number for order in orders}
    assert (
        set(Order.objects.filter(customer__in=[cart.customer_id for cart in carts]).values_list("number", flat=True))
        == numbers
    )
    assert set(SagaInstance.objects.filter(key__in=numbers).values_list("status", flat=True)) <= {"completed"}
    assert SagaInstance.objects.count() == Order.objects.count()
    for order in orders:
        payment = Payment.objects.get(order_number=order.number)
        assert payment.authorised == order.total == order.subtotal - order.discount + order.shipping_cost + order.tax
        assert payment.captured in {0, order.total}


def test_the_last_redemption_of_a_promotion_goes_to_one_order():
    promotion = PromotionFactory(max_redemptions=1)
    orders, refused = check_out_at_once([CartFactory(promotion=promotion) for _ in range(8)])
    assert len(orders) == 1
    assert [type(error) for error in refused] == [PromotionRefused] * 7
    assert Promotion.objects.get().redemptions == 1


def test_carts_filled_in_opposite_order_do_not_deadlock():
    variants = VariantFactory.create_batch(15)
    carts = [CartFactory(items=0) for _ in range(8)]
    for number, cart in enumerate(carts):
        for variant in variants if number % 2 else reversed(variants):
            CartItemFactory(cart=cart, variant=variant, quantity=1)
    orders, refused = check_out_at_once(carts)
    assert (len(orders), refused) == (8, [])


def test_checking_out_and_cancelling_the_same_goods_do_not_deadlock():
    variant = VariantFactory()
    carts = [CartItemFactory(variant=variant, quantity=1).cart for _ in range(8)]
    old = [OrderFactory(cart=cart) for cart in carts[:4]]
    buy = [partial(checkout, cart, address=BERLIN, card_token="tok_visa") for cart in carts[4:]]
    done, _ = at_once([*buy, *(partial(cancel_order, order, "no") for order in old)])
    assert len(done) == 8
    assert StockItem.objects.get().reserved == 4


def test_a_retried_checkout_makes_one_order_and_takes_one_payment():
    cart = CartFactory(items=1)
    orders, refused = check_out_at_once([cart] * 4)
    assert len(orders) == Order.objects.count() == Payment.objects.count() == 1
    assert LedgerEntry.objects.filter(kind="captured").count() == 1
    assert [type(error) for error in refused] == [EmptyCart] * 3


def test_an_order_cancelled_and_refunded_at_once_gives_the_money_back_once():
    order = OrderFactory()
    done, refused = at_once(
        [partial(cancel_order, order, "no"), partial(refund_order, order)] * 2, expected=IllegalTransition
    )
    assert (len(done), len(refused)) == (1, 3)
    payment = Payment.objects.get()
    assert payment.refunded == payment.captured == order.total
    assert StockItem.objects.get().reserved == 0
