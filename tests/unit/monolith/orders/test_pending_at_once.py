"""Orders that are taken back while their customers go on shopping: nobody waits in a circle, and nothing is lost."""

from functools import partial

import pytest
from django.db import transaction
from django.db.models import Sum

from monolith.catalog.factories import VariantFactory
from monolith.errors import EmptyCart
from monolith.inventory.factories import StockItemFactory
from monolith.inventory.models import Reservation, StockItem
from monolith.orders.carts import hold
from monolith.orders.factories import CartFactory, CartItemFactory, OrderFactory, PromotionFactory
from monolith.orders.models import Order, Promotion
from monolith.orders.sagas import cancel, checkout, release_stock
from tests.support.at_once import at_once
from tests.unit.monolith.orders.conftest import saga_of

pytestmark = pytest.mark.django_db(transaction=True)
CUSTOMERS = 5


def undo(order):
    """As the saga does where the card is declined."""
    with transaction.atomic():
        data = checkout.unpack(saga_of(order).data)
        release_stock(data)
        cancel(data)


def test_taking_back_while_everybody_buys_the_same_does_not_deadlock(sides):
    ours, theirs = VariantFactory(), VariantFactory()
    for variant in (ours, theirs):
        StockItemFactory(sku=variant.sku, on_hand=1000)
    sides.give_away(theirs.sku)
    promotion = PromotionFactory()
    carts = [CartFactory(items=0, promotion=promotion) for _ in range(CUSTOMERS)]
    for cart in carts:
        for variant in (ours, theirs):
            CartItemFactory(cart=cart, variant=variant, stock=None)
    waiting = [OrderFactory(cart=cart) for cart in carts]
    for cart in carts:
        CartItemFactory(cart=cart, variant=ours, stock=None)
        cart.promotion = promotion
        cart.save()
    calls = [
        [partial(undo, order), partial(hold, cart), partial(OrderFactory, cart=cart)]
        for order, cart in zip(waiting, carts, strict=True)
    ]
    done, _ = at_once([call for three in calls for call in three], expected=EmptyCart)
    placed = Order.objects.filter(status="placed")
    assert len([order for order in done if isinstance(order, Order)]) == placed.count() == CUSTOMERS
    assert Order.objects.filter(status="cancelled", cancel_code="called_off").count() == CUSTOMERS
    assert Promotion.objects.get().redemptions == placed.exclude(promotion_code="").count()
    reserved = Reservation.objects.filter(status="active", item__sku=ours.sku).aggregate(n=Sum("quantity"))["n"]
    assert StockItem.objects.get(sku=ours.sku).reserved == reserved
