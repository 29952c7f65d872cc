from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from monolith.catalog.factories import ProductFactory
from monolith.errors import EmptyCart, OutOfStock
from monolith.inventory.factories import StockItemFactory
from monolith.inventory.models import StockItem, StockMovement
from monolith.orders.factories import BERLIN, CartFactory, CartItemFactory
from monolith.orders.models import Order
from monolith.orders.services import checkout

pytestmark = pytest.mark.django_db(transaction=True)


def check_out_at_once(carts):
    """One thread per cart, all starting together; returns the orders and the errors."""
    ready = Barrier(len(carts))

    def buy(cart):
        try:
            ready.wait(timeout=10)
            return checkout(cart, address=BERLIN, card_token="tok_visa")
        except (EmptyCart, OutOfStock) as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(carts)) as pool:
        outcomes = list(pool.map(buy, carts, timeout=60))
    orders = [outcome for outcome in outcomes if isinstance(outcome, Order)]
    return orders, [outcome for outcome in outcomes if not isinstance(outcome, Order)]


def test_concurrent_checkouts_never_sell_more_than_there_is():
    product = ProductFactory()
    StockItemFactory(sku=product.sku, on_hand=5)
    carts = [CartFactory(items=0) for _ in range(8)]
    for cart in carts:
        CartItemFactory(cart=cart, product=product, quantity=1)
    orders, refused = check_out_at_once(carts)
    assert len(orders) == 5
    assert [type(error) for error in refused] == [OutOfStock] * 3
    assert StockItem.objects.get().on_hand == 0
    assert sum(StockMovement.objects.values_list("quantity", flat=True)) == 0


def test_carts_filled_in_opposite_order_do_not_deadlock():
    products = ProductFactory.create_batch(2)
    carts = [CartFactory(items=0) for _ in range(8)]
    for number, cart in enumerate(carts):
        for product in products if number % 2 else reversed(products):
            CartItemFactory(cart=cart, product=product, quantity=1)
    orders, refused = check_out_at_once(carts)
    assert (len(orders), refused) == (8, [])


def test_a_double_click_places_one_order():
    cart = CartFactory(items=1)
    orders, refused = check_out_at_once([cart, cart])
    assert len(orders) == Order.objects.count() == 1
    assert [type(error) for error in refused] == [EmptyCart]
