from functools import partial

import pytest
from django.db.models import Sum

from monolith.catalog.factories import VariantFactory
from monolith.errors import EmptyCart, IllegalTransition, OutOfStock, PromotionRefused
from monolith.inventory.factories import StockItemFactory
from monolith.inventory.models import Reservation, StockItem
from monolith.orders.factories import BERLIN, CartFactory, CartItemFactory, OrderFactory, PromotionFactory
from monolith.orders.models import Order, Promotion
from monolith.orders.services import cancel_order, checkout, refund_order
from monolith.payments.models import LedgerEntry, Payment
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
