from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from monolith.catalog.factories import PriceFactory, VariantFactory
from monolith.catalog.models import Price, Product, Variant
from monolith.errors import CannotShipThere, EmptyCart, MixedCurrencies, OutOfStock, PaymentDeclined, ProductUnavailable
from monolith.inventory.models import Reservation, StockItem
from monolith.notifications.models import Email
from monolith.orders.factories import BERLIN, CartFactory, CartItemFactory, PromotionFactory
from monolith.orders.models import Order, Promotion
from monolith.orders.services import checkout
from monolith.payments.models import LedgerEntry, Payment
from strangler.outbox.models import OutboxMessage
from strangler.saga.models import HistoryEntry, SagaInstance

pytestmark = pytest.mark.django_db

GOOD_CARD = "tok_visa"
LONDON = BERLIN._replace(city="London", country="GB")
ONE_LINE_SOLD = [
    "inventory.stock_reserved",
    *("payments.payment_authorised", "payments.payment_captured"),
    "orders.order_placed",
]


def buy(cart, card_token=GOOD_CARD, **wishes):
    return checkout(cart, **{"address": BERLIN, "card_token": card_token, **wishes})


def assert_nothing_happened():
    assert not StockItem.objects.exclude(on_hand=100, reserved=0).exists()
    for model in (Order, Payment, LedgerEntry, Email, OutboxMessage, Reservation, SagaInstance, HistoryEntry):
        assert model.objects.count() == 0, model


def test_a_checkout_reserves_stock_takes_the_payment_and_writes_the_order():
    cart = CartFactory(items=2)
    order = buy(cart)
    assert order.number.startswith("S-")
    sums = (order.subtotal, order.discount, order.shipping_cost, order.tax, order.total)
    assert sums == tuple(Decimal(sum_) for sum_ in ("79.60", "0", "4.90", "16.05", "100.55"))
    assert [(line.quantity, line.unit_price, line.tax) for line in order.lines.all()] == [
        (2, Decimal("19.90"), Decimal("7.56"))
    ] * 2
    assert list(StockItem.objects.values_list("on_hand", "reserved")) == [(100, 2)] * 2
    payment = Payment.objects.get(order_number=order.number)
    assert (payment.status, payment.authorised, payment.captured) == ("captured", order.total, order.total)
    assert list(payment.entries.order_by("id").values_list("kind", flat=True)) == ["authorised", "captured"]
    assert not cart.items.exists()


def test_each_line_knows_the_warehouse_in_which_it_is_reserved():
    order = buy(CartFactory(items=2))
    for line in order.lines.all():
        reservation = Reservation.objects.get(reference=order.number, item__sku=line.sku)
        assert (reservation.item.warehouse.code, reservation.quantity) == (line.warehouse, line.quantity)
        assert reservation.expires_at is None


def test_paid_on_shipment_means_authorised_only(published_types):
    order = buy(CartFactory(), pay="on_shipment")
    payment = Payment.objects.get(order_number=order.number)
    assert (payment.status, payment.authorised, payment.captured) == ("authorised", order.total, 0)
    assert published_types() == [kind for kind in ONE_LINE_SOLD if kind != "payments.payment_captured"]
    assert list(Email.objects.values_list("template", flat=True)) == ["order_confirmation"]


def test_a_checkout_publishes_its_events_in_the_same_transaction(published_types):
    with transaction.atomic():
        buy(CartFactory(items=1))
        assert published_types() == ONE_LINE_SOLD
        transaction.set_rollback(True)
    assert published_types() == []


def test_order_placed_carries_all_a_reader_needs(published):
    cart = CartFactory(items=1, promotion=PromotionFactory(code="ten"))
    order = buy(cart, shipping_method="express")
    [envelope] = published("orders.order_placed")
    data = envelope["data"]
    assert envelope["subject"] == data["order_number"] == order.number
    assert (data["customer_email"], data["customer_name"]) == (order.customer.email, order.customer.name)
    assert (data["subtotal"], data["discount"], data["shipping_cost"]) == ("39.80", "3.98", "14.90")
    assert (data["tax"], data["total"], data["currency"]) == ("9.64", "60.36", "EUR")
    assert (data["promotion_code"], data["shipping_method"]) == ("TEN", "express")
    money = {"unit_price": "19.90", "discount": "3.98", "tax": "6.81"}
    assert data["lines"] == [{"sku": line.sku, "name": line.name, "quantity": 2, **money} for line in order.lines.all()]
    assert data["ship_to"] == BERLIN._asdict()


def test_a_checkout_mails_confirmation_and_receipt_once_committed(mailoutbox, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        order = buy(CartFactory(items=1))
        assert mailoutbox == []
    to_customer = [mail for mail in mailoutbox if mail.to == [order.customer.email]]
    assert [mail.subject for mail in to_customer] == [
        f"Payment received for order {order.number}",
        f"Your order {order.number}",
    ]
    assert all("53.19 EUR" in mail.body for mail in to_customer)
    assert set(Email.objects.values_list("status", flat=True)) == {"sent"}


@pytest.mark.parametrize("card_token", ["tok_declined", "tok_expired", "4111111111111111"])
def test_a_declined_card_leaves_nothing_behind(card_token):
    cart = CartFactory(items=2, promotion=PromotionFactory())
    with pytest.raises(PaymentDeclined):
        buy(cart, card_token=card_token)
    assert_nothing_happened()
    assert cart.items.count() == 2
    assert Promotion.objects.get().redemptions == 0


def test_out_of_stock_names_the_product_and_leaves_nothing_behind():
    cart = CartFactory(items=1)
    wanted = CartItemFactory(cart=cart, quantity=101)
    with pytest.raises(OutOfStock, match=rf"{wanted.variant.sku} \(wanted 101, left 100\)"):
        buy(cart)
    assert_nothing_happened()


def test_a_variant_that_was_never_stocked_is_out_of_stock():
    item = CartItemFactory(stock=None)
    with pytest.raises(OutOfStock, match=r"left 0"):
        buy(item.cart)


def test_the_price_of_the_moment_of_checkout_counts():
    cart = CartFactory(items=1)
    PriceFactory(variant=cart.items.get().variant, amount=Decimal("5.00"), valid_from=cart.created_at)
    assert buy(cart).subtotal == Decimal("10.00")


def test_an_empty_cart_cannot_be_checked_out():
    with pytest.raises(EmptyCart):
        buy(CartFactory(items=0))


@pytest.mark.parametrize(
    "take_off", [Product.objects.update, Variant.objects.update, lambda active: Price.objects.all().delete()]
)
def test_what_was_taken_off_sale_stops_the_checkout(take_off):
    cart = CartFactory(items=1)
    take_off(active=False)
    with pytest.raises(ProductUnavailable, match=cart.items.get().variant.sku):
        buy(cart)


def test_an_order_has_one_currency():
    cart = CartFactory(items=1)
    CartItemFactory(cart=cart, variant=VariantFactory(currency="USD"))
    with pytest.raises(MixedCurrencies, match="EUR and USD"):
        buy(cart)


def test_an_order_abroad_pays_what_is_charged_there():
    order = buy(CartFactory(items=1), address=LONDON)
    assert (order.shipping_cost, order.tax, order.total) == (Decimal("24.90"), 0, Decimal("64.70"))


def test_a_way_of_shipping_that_does_not_go_there_is_refused():
    with pytest.raises(CannotShipThere, match="standard"):
        buy(CartFactory(items=1), address=LONDON, shipping_method="express")
    assert_nothing_happened()


def queries_of_a_checkout(items):
    cart = CartFactory(items=items, promotion=PromotionFactory())
    with CaptureQueriesContext(
        connection,
    ) as queries:
        buy(cart)
    return len(queries)


def test_a_big_cart_needs_no_more_queries_than_a_small_one():
    buy(CartFactory(items=1))
    assert queries_of_a_checkout(items=30) == queries_of_a_checkout(items=1)


@pytest.mark.usefixtures("extracted")
def test_once_notifications_are_extracted_the_shop_publishes_the_same_and_writes_no_email(published, published_types):
    buy(CartFactory(items=1))
    assert published_types() == ONE_LINE_SOLD
    assert {envelope["stages"] for envelope in published()} == {"notifications=extracted"}
    assert not Email.objects.exists()
