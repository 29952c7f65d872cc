from decimal import Decimal

import pytest

from monolith.errors import IllegalTransition, RefundTooLarge
from monolith.inventory.models import StockItem
from monolith.notifications.models import Email
from monolith.orders.factories import OrderFactory
from monolith.orders.services import cancel_order, record_shipment, refund_order
from monolith.payments.models import Payment
from strangler.outbox.models import OutboxMessage

pytestmark = pytest.mark.django_db


def forget():
    OutboxMessage.objects.all().delete()
    Email.objects.all().delete()


@pytest.fixture
def order(db):
    """Placed and paid, for 53.19 EUR; what was published and mailed on the way is forgotten."""
    order = OrderFactory()
    forget()
    return order


@pytest.fixture
def authorised_order(db):
    """Placed, to be paid on shipment."""
    order = OrderFactory(pay="on_shipment")
    forget()
    return order


def templates():
    return sorted(Email.objects.values_list("template", flat=True))


def reserved():
    return StockItem.objects.get().reserved


def test_cancelling_gives_goods_and_money_back_and_tells_the_customer(order, published_types):
    order = cancel_order(order, "changed my mind")
    assert (order.status, order.cancel_reason) == ("cancelled", "changed my mind")
    assert reserved() == 0
    assert Payment.objects.get().status == "refunded"
    assert templates() == ["order_cancelled", "refund"]
    assert published_types() == ["inventory.stock_released", "payments.payment_refunded", "orders.order_cancelled"]


def test_cancelling_what_is_not_paid_yet_lets_go_of_the_money(authorised_order, published_types):
    cancel_order(authorised_order, "changed my mind")
    payment = Payment.objects.get()
    assert (payment.status, payment.captured, payment.capturable) == ("voided", 0, 0)
    assert published_types() == ["inventory.stock_released", "payments.payment_voided", "orders.order_cancelled"]
    assert templates() == ["order_cancelled"]


def test_order_cancelled_carries_all_a_reader_needs(order, published):
    cancel_order(order, "late")
    [envelope] = published("orders.order_cancelled")
    assert envelope["data"]["lines"][0]["sku"] == order.lines.get().sku
    assert (envelope["data"]["total"], envelope["data"]["reason"]) == ("53.19", "late")


def test_cancelling_after_a_partial_refund_gives_back_the_rest(order, published):
    refund_order(order, Decimal("10.00"))
    cancel_order(order, "late")
    amounts = [event["data"]["amount"] for event in published("payments.payment_refunded")]
    assert amounts == ["10.00", "43.19"]
    assert published("payments.payment_refunded")[1]["data"]["refunded_total"] == "53.19"


def test_a_cancelled_order_cannot_be_cancelled_again(order):
    cancel_order(order, "once")
    with pytest.raises(IllegalTransition, match=f"Order {order.number} is cancelled and can't become cancelled"):
        cancel_order(order, "twice")
    assert reserved() == 0
    assert Payment.objects.get().entries.filter(kind="refunded").count() == 1


@pytest.mark.parametrize("complete", [True, False])
def test_what_was_shipped_cannot_be_cancelled(order, complete):
    record_shipment(order, complete=complete)
    with pytest.raises(IllegalTransition, match="can't become cancelled"):
        cancel_order(order, "too late")
    assert (reserved(), Payment.objects.get().refunded) == (2, 0)


def test_a_partial_refund_leaves_the_order_placed_and_the_goods_with_the_customer(order, published_types):
    order = refund_order(order, Decimal("10.00"))
    assert order.status == "placed"
    assert reserved() == 2
    assert published_types() == ["payments.payment_refunded"]
    assert templates() == ["refund"]


def test_two_equal_refunds_are_two_emails(order):
    refund_order(order, Decimal("5.00"))
    refund_order(order, Decimal("5.00"))
    assert templates() == ["refund", "refund"]


@pytest.mark.parametrize("amounts", [[None], [Decimal("53.19")], [Decimal("50.00"), Decimal("3.19")]])
def test_a_full_refund_is_final_told_and_ends_the_reservation(order, amounts, published_types):
    for amount in amounts:
        order = refund_order(order, amount)
    assert order.status == "refunded"
    assert reserved() == 0
    assert published_types()[-3:] == [
        *("payments.payment_refunded", "inventory.stock_released", "orders.order_refunded")
    ]
    with pytest.raises(IllegalTransition, match="that is final"):
        cancel_order(order, "too late")


@pytest.mark.parametrize("amount", ["53.20", "0", "-1"])
def test_no_more_is_refunded_than_was_paid(order, amount):
    with pytest.raises(RefundTooLarge, match=r"at most 53\.19 EUR"):
        refund_order(order, Decimal(amount))
    assert not OutboxMessage.objects.exists()


@pytest.mark.parametrize("amount", [None, Decimal("1.00")])
def test_what_is_not_paid_yet_is_cancelled_instead_of_refunded(authorised_order, amount):
    with pytest.raises(RefundTooLarge, match=r"nothing is paid yet.*cancel it instead"):
        refund_order(authorised_order, amount)
    assert not OutboxMessage.objects.exists()


@pytest.mark.usefixtures("extracted")
def test_once_extracted_neither_cancelling_nor_refunding_writes_an_email(order):
    refund_order(order, Decimal("1.00"))
    cancel_order(order, "late")
    assert templates() == []
