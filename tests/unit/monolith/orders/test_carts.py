from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from monolith.catalog.factories import VariantFactory
from monolith.catalog.models import Product
from monolith.customers.factories import UserFactory
from monolith.errors import CannotShipThere, EmptyCart, NotACustomer, NotFound, OutOfStock
from monolith.inventory.models import Reservation, StockItem
from monolith.orders.factories import BERLIN, CartFactory, CartItemFactory, PromotionFactory
from monolith.orders.selectors import cart_summary
from monolith.orders.services import (
    add_to_cart,
    apply_promotion,
    cart_of,
    change_quantity,
    checkout,
    hold,
    remove_from_cart,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def cart():
    return CartFactory(items=0)


def contents(cart):
    return list(cart.items.values_list("variant__sku", "quantity"))


def test_a_customer_has_one_cart(customer):
    assert cart_of(customer.user) == cart_of(customer.user)


def test_staff_has_none():
    with pytest.raises(NotACustomer):
        cart_of(UserFactory(is_staff=True))


def test_adding_twice_adds_up(cart):
    sku = VariantFactory().sku
    add_to_cart(cart, sku, 2)
    add_to_cart(cart, sku, 3)
    assert contents(cart) == [(sku, 5)]


def test_what_is_not_on_sale_cannot_be_added(cart):
    sku = VariantFactory(active=False).sku
    with pytest.raises(NotFound, match=sku):
        add_to_cart(cart, sku, 1)


def test_a_quantity_can_be_changed_and_an_item_removed(cart):
    sku = add_to_cart(cart, VariantFactory().sku, 2).variant.sku
    change_quantity(cart, sku, 7)
    assert contents(cart) == [(sku, 7)]
    remove_from_cart(cart, sku)
    remove_from_cart(cart, sku)
    assert contents(cart) == []


def test_only_what_is_in_the_cart_has_a_quantity(cart):
    with pytest.raises(NotFound, match="'NOPE' is not in your cart"):
        change_quantity(cart, "NOPE", 1)


def test_the_summary_of_an_empty_cart_is_zero(cart):
    summary = cart_summary(cart, country="DE")
    assert (summary.lines, summary.total, summary.shipping_cost, summary.tax) == ([], 0, None, None)


def test_without_a_country_there_is_neither_tax_nor_shipping():
    summary = cart_summary(CartFactory(items=2))
    assert (summary.subtotal, summary.total) == (Decimal("79.60"), Decimal("79.60"))
    assert (summary.shipping_cost, summary.tax) == (None, None)


@pytest.mark.parametrize("country", ["DE", "FR", "US"])
def test_the_summary_says_what_the_checkout_charges(country):
    cart = CartFactory(items=3, promotion=PromotionFactory())
    summary = cart_summary(cart, country=country)
    order = checkout(cart, address=BERLIN._replace(country=country), card_token="tok_visa")
    for name in ("subtotal", "discount", "shipping_cost", "tax", "total", "promotion_code"):
        assert getattr(summary, name) == getattr(order, name), name


def test_what_is_not_on_sale_any_more_is_shown_and_not_counted():
    cart = CartFactory(items=2)
    gone, there = cart.items.all()
    Product.objects.filter(pk=gone.variant.product_id).update(active=False)
    summary = cart_summary(cart)
    assert [(line.sku, line.available) for line in summary.lines] == [
        (gone.variant.sku, False),
        (there.variant.sku, True),
    ]
    assert summary.subtotal == Decimal("39.80")


def test_a_cart_of_two_currencies_can_be_looked_at():
    cart = CartFactory(items=1)
    CartItemFactory(cart=cart, variant=VariantFactory(currency="USD"))
    summary = cart_summary(cart, country="DE")
    assert (len(summary.lines), summary.currency, summary.subtotal) == (2, "EUR", Decimal("39.80"))


def test_a_code_that_holds_no_longer_is_explained_and_not_counted():
    cart = CartFactory(items=1, promotion=PromotionFactory(valid_until=timezone.now()))
    summary = cart_summary(cart)
    assert (summary.discount, summary.promotion_refused) == (0, "is over")


def test_the_summary_refuses_a_way_of_shipping_that_does_not_go_there():
    with pytest.raises(CannotShipThere):
        cart_summary(CartFactory(items=1), country="US", shipping_method="express")


def test_the_summary_of_a_big_cart_needs_no_more_queries(django_assert_max_num_queries):
    cart = CartFactory(items=30)
    with django_assert_max_num_queries(3):
        cart_summary(cart, country="DE")


def test_a_hold_keeps_the_goods_until_it_expires():
    cart = CartFactory(items=1)
    until, certain = hold(cart, minutes=15)
    assert certain
    assert timedelta(minutes=14) < until - timezone.now() <= timedelta(minutes=15)
    reservation = Reservation.objects.get()
    assert (reservation.reference, reservation.expires_at) == (f"cart:{cart.pk}", until)
    assert StockItem.objects.get().reserved == 2


def test_holding_again_takes_the_place_of_the_earlier_hold():
    cart = CartFactory(items=1)
    hold(cart)
    change_quantity(cart, cart.items.get().variant.sku, 5)
    hold(cart)
    assert StockItem.objects.get().reserved == 5


def test_the_last_unit_goes_to_the_one_who_holds_it():
    held = CartItemFactory(quantity=100).cart
    other = CartFactory(items=0)
    add_to_cart(other, held.items.get().variant.sku, 1)
    hold(held)
    with pytest.raises(OutOfStock):
        checkout(other, address=BERLIN, card_token="tok_visa")
    order = checkout(held, address=BERLIN, card_token="tok_visa")
    assert StockItem.objects.get().reserved == 100
    assert Reservation.objects.get(status="active").reference == order.number


def test_an_empty_cart_holds_nothing(cart):
    with pytest.raises(EmptyCart):
        hold(cart)


def test_a_code_is_put_on_the_cart_in_any_case_of_letters():
    cart = CartFactory(items=1)
    PromotionFactory(code="summer")
    apply_promotion(cart, " Summer ")
    cart.refresh_from_db()
    assert cart_summary(cart).discount == Decimal("3.98")
