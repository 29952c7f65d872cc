from decimal import Decimal

import pytest

from monolith.errors import IllegalTransition, RefundTooLarge
from monolith.inventory.models import StockItem
from monolith.notifications.models import Email
from monolith.orders.factories import OrderFactory
from monolith.orders.services import cancel_order, refund_order
from monolith.payments.models import Payment
from strangler.outbox.models import OutboxMessage

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(db):
    """Placed, for 39.80 EUR; what was published and mailed on the way is forgotten."""
    order = OrderFactory()
    OutboxMessage.objects.all().delete()
    Email.objects.all().delete()
    return order


def templates():
    return sorted(Email.objects.values_list("template", flat=True))


def test_cancelling_gives_goods_and_money_back_and_tells_the_customer(order, published_types):
    order = cancel_order(order, "changed my mind")
    assert (order.status, order.cancel_reason) == ("cancelled", "changed my mind")
    assert StockItem.objects.get().on_hand == 100
    assert Payment.objects.get().refundable == 0
    assert templates() == ["order_cancelled", "refund"]
    assert published_types() == ["inventory.stock_returned", "payments.payment_refunded", "orders.order_cancelled"]


def test_cancelling_after_a_partial_refund_gives_back_the_rest(order, published):
    refund_order(order, Decimal("10.00"))
    cancel_order(order, "late")
    amounts = [event["data"]["amount"] for event in published("payments.payment_refunded")]
    assert amounts == ["10.00", "29.80"]
    assert published("payments.payment_refunded")[1]["data"]["refunded_total"] == "39.80"


def test_a_cancelled_order_cannot_be_cancelled_again(order):
    cancel_order(order, "once")
    with pytest.raises(IllegalTransition, match=f"Order {order.number} is cancelled and can't become cancelled"):
        cancel_order(order, "twice")
    assert StockItem.objects.get().on_hand == 100
    assert Payment.objects.get().entries.filter(kind="refunded").count() == 1


def test_a_partial_refund_leaves_the_order_placed_and_the_goods_with_the_customer(order, published_types):
    order = refund_order(order, Decimal("10.00"))
    assert order.status == "placed"
    assert StockItem.objects.get().on_hand == 98
    assert published_types() == ["payments.payment_refunded"]
    assert templates() == ["refund"]


def test_two_equal_refunds_are_two_emails(order):
    refund_order(order, Decimal("5.00"))
    refund_order(order, Decimal("5.00"))
    assert templates() == ["refund", "refund"]


def test_a_full_refund_is_final(order):
    order = refund_order(order)
    assert order.status == "refunded"
    with pytest.raises(IllegalTransition, match="that is final"):
        cancel_order(order, "too late")


@pytest.mark.parametrize("amount", ["39.81", "0", "-1"])
def test_no_more_is_refunded_than_was_paid(order, amount):
    with pytest.raises(RefundTooLarge, match=r"at most 39\.80 EUR"):
        refund_order(order, Decimal(amount))
    assert not OutboxMessage.objects.exists()


@pytest.mark.usefixtures("extracted")
def test_once_extracted_neither_cancelling_nor_refunding_writes_an_email(order):
    refund_order(order, Decimal("1.00"))
    cancel_order(order, "late")
    assert templates() == []
