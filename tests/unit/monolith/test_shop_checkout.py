from decimal import Decimal

import pytest
from django.db import transaction

from monolith.catalog.factories import ProductFactory
from monolith.catalog.models import Product
from monolith.errors import EmptyCart, MixedCurrencies, OutOfStock, PaymentDeclined, ProductUnavailable
from monolith.inventory.models import StockItem, StockMovement
from monolith.notifications.models import Email
from monolith.orders.factories import BERLIN, CartFactory, CartItemFactory
from monolith.orders.models import Order
from monolith.orders.services import checkout
from monolith.payments.models import LedgerEntry, Payment
from strangler.outbox.models import OutboxMessage

pytestmark = pytest.mark.django_db

GOOD_CARD = "tok_visa"


def buy(cart, card_token=GOOD_CARD):
    return checkout(cart, address=BERLIN, card_token=card_token)


def assert_nothing_happened():
    assert StockItem.objects.exclude(on_hand=100).count() == 0
    assert StockMovement.objects.filter(reason="taken").count() == 0
    for model in (Order, Payment, LedgerEntry, Email, OutboxMessage):
        assert model.objects.count() == 0, model


def test_a_checkout_takes_stock_and_payment_and_writes_the_order():
    cart = CartFactory(items=2)
    order = buy(cart)
    assert order.number.startswith("S-")
    assert order.total == Decimal("79.60")
    assert [(line.quantity, line.unit_price) for line in order.lines.all()] == [(2, Decimal("19.90"))] * 2
    assert list(StockItem.objects.values_list("on_hand", flat=True)) == [98, 98]
    payment = Payment.objects.get(order_number=order.number)
    assert (payment.authorised, payment.captured, payment.refunded) == (order.total, order.total, 0)
    assert list(payment.entries.order_by("id").values_list("kind", flat=True)) == ["authorised", "captured"]
    assert not cart.items.exists()


def test_a_checkout_publishes_its_events_in_the_same_transaction(published_types):
    with transaction.atomic():
        buy(CartFactory(items=1))
        assert published_types() == ["inventory.stock_taken", "orders.order_placed", "payments.payment_captured"]
        transaction.set_rollback(True)
    assert published_types() == []


def test_order_placed_carries_all_a_reader_needs(published):
    order = buy(CartFactory(items=1))
    [envelope] = published("orders.order_placed")
    data = envelope["data"]
    assert envelope["subject"] == data["order_number"] == order.number
    assert data["customer_email"] == order.customer.email
    assert data["customer_name"] == order.customer.name
    assert (data["total"], data["currency"]) == ("39.80", "EUR")
    assert data["lines"] == [
        {"sku": line.sku, "name": line.name, "quantity": 2, "unit_price": "19.90"} for line in order.lines.all()
    ]
    assert data["ship_to"] == BERLIN._asdict()


def test_a_checkout_mails_confirmation_and_receipt_once_committed(mailoutbox, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        order = buy(CartFactory(items=1))
        assert mailoutbox == []
    assert [mail.subject for mail in mailoutbox] == [
        f"Your order {order.number}",
        f"Payment received for order {order.number}",
    ]
    assert all(mail.to == [order.customer.email] for mail in mailoutbox)
    assert "39.80 EUR" in mailoutbox[0].body
    assert set(Email.objects.values_list("status", flat=True)) == {"sent"}


@pytest.mark.parametrize("card_token", ["tok_declined", "tok_expired", "4111111111111111"])
def test_a_declined_card_leaves_nothing_behind(card_token):
    cart = CartFactory(items=2)
    with pytest.raises(PaymentDeclined):
        buy(cart, card_token=card_token)
    assert_nothing_happened()
    assert cart.items.count() == 2


def test_out_of_stock_names_the_product_and_leaves_nothing_behind():
    cart = CartFactory(items=1)
    wanted = CartItemFactory(cart=cart, quantity=101)
    with pytest.raises(OutOfStock, match=rf"{wanted.sku} \(wanted 101, left 100\)"):
        buy(cart)
    assert_nothing_happened()


def test_a_product_that_was_never_stocked_is_out_of_stock():
    item = CartItemFactory()
    StockItem.objects.all().delete()
    with pytest.raises(OutOfStock, match=r"left 0"):
        buy(item.cart)


def test_the_price_of_the_moment_of_checkout_counts():
    cart = CartFactory(items=1)
    Product.objects.update(price=Decimal("5.00"))
    assert buy(cart).total == Decimal("10.00")


def test_an_empty_cart_cannot_be_checked_out():
    with pytest.raises(EmptyCart):
        buy(CartFactory(items=0))


def test_a_product_taken_off_sale_stops_the_checkout():
    cart = CartFactory(items=1)
    Product.objects.update(active=False)
    with pytest.raises(ProductUnavailable, match=cart.items.get().sku):
        buy(cart)


def test_an_order_has_one_currency():
    cart = CartFactory(items=1)
    CartItemFactory(cart=cart, product=ProductFactory(currency="USD"))
    with pytest.raises(MixedCurrencies, match="EUR and USD"):
        buy(cart)


@pytest.mark.usefixtures("extracted")
def test_once_notifications_are_extracted_the_shop_publishes_the_same_and_writes_no_email(published, published_types):
    buy(CartFactory(items=1))
    assert published_types() == ["inventory.stock_taken", "orders.order_placed", "payments.payment_captured"]
    assert {envelope["stages"] for envelope in published()} == {"notifications=extracted"}
    assert not Email.objects.exists()
