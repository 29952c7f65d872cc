from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError
from django.utils import timezone

from monolith.errors import PromotionRefused
from monolith.orders.factories import CartFactory, OrderFactory, PromotionFactory
from monolith.orders.models import Order, Promotion
from monolith.orders.services import apply_promotion, cancel_order, remove_promotion

pytestmark = pytest.mark.django_db

AMOUNT = Promotion.Kind.AMOUNT
# The cart is worth 39.80 EUR.
REFUSED = [
    ({"valid_from": timezone.now() + timedelta(days=1)}, "begins on"),
    ({"valid_until": timezone.now()}, "is over"),
    ({"max_redemptions": 0}, "is used up"),
    ({"minimum": Decimal("39.81")}, r"needs goods worth 39\.81 EUR"),
    ({"kind": AMOUNT, "currency": "USD"}, "is for carts in USD"),
    ({"minimum": Decimal("0.01"), "currency": "USD"}, "is for carts in USD"),
]
HOLDS = [
    {"minimum": Decimal("39.80")},
    {"currency": "USD"},
    {"max_redemptions": 1},
    {"valid_until": timezone.now() + timedelta(days=365)},
]


@pytest.mark.parametrize(("terms", "reason"), REFUSED)
def test_a_code_that_does_not_hold_is_refused_with_the_reason(terms, reason):
    promotion = PromotionFactory(**terms)
    cart = CartFactory()
    with pytest.raises(PromotionRefused, match=f"{promotion.code} {reason}"):
        apply_promotion(cart, promotion.code)
    cart.refresh_from_db()
    assert cart.promotion is None


@pytest.mark.parametrize(("terms", "reason"), REFUSED)
def test_a_code_that_held_when_it_was_put_on_the_cart_is_looked_at_again_at_checkout(terms, reason):
    cart = CartFactory(promotion=PromotionFactory(**terms))
    with pytest.raises(PromotionRefused, match=reason):
        OrderFactory(cart=cart)
    assert not Order.objects.exists()
    assert cart.items.exists()


@pytest.mark.parametrize("terms", HOLDS)
def test_a_code_that_holds_is_redeemed_once_per_order(terms):
    promotion = PromotionFactory(**terms)
    order = OrderFactory(cart=CartFactory(promotion=promotion))
    assert (order.discount, order.promotion_code) == (Decimal("3.98"), promotion.code)
    promotion.refresh_from_db()
    assert promotion.redemptions == 1


def test_an_unknown_code_is_refused():
    with pytest.raises(PromotionRefused, match="no promotion code 'NOPE'"):
        apply_promotion(CartFactory(), "NOPE")


def test_a_checkout_takes_the_code_off_the_cart():
    cart = CartFactory(promotion=PromotionFactory())
    OrderFactory(cart=cart)
    cart.refresh_from_db()
    assert cart.promotion is None


def test_a_code_can_be_taken_off_the_cart():
    cart = CartFactory(promotion=PromotionFactory())
    remove_promotion(cart)
    cart.refresh_from_db()
    assert cart.promotion is None


def test_a_cancelled_order_has_not_used_its_code():
    promotion = PromotionFactory(max_redemptions=1)
    cancel_order(OrderFactory(cart=CartFactory(promotion=promotion)), "no")
    assert OrderFactory(cart=CartFactory(promotion=promotion)).promotion_code == promotion.code


def test_the_database_refuses_a_promotion_no_service_would_write():
    with pytest.raises(IntegrityError, match="orders_at_most_100_percent"):
        PromotionFactory(value=Decimal("100.01"))
