from contextlib import suppress
from decimal import Decimal
from threading import Barrier, BrokenBarrierError

import pytest

from monolith.errors import IllegalTransition, NotReturnable
from monolith.inventory import services as inventory
from monolith.inventory.models import StockItem, StockMovement
from monolith.orders.models import Order
from monolith.orders.services import refund_order
from monolith.payments.models import Payment
from monolith.shipping.factories import ReturnFactory, ReturnLineFactory, ShipmentFactory
from monolith.shipping.models import Return, Shipment
from monolith.shipping.selectors import returnable
from monolith.shipping.services import receive_return, reject_return, request_return
from tests.support.at_once import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def delivered(new_order):
    """A delivered order, two units of one SKU."""
    return ShipmentFactory(order=new_order(), status=Shipment.Status.DELIVERED).order


def sku_of(order):
    return order.lines.get().sku


def status_of(order):
    order.refresh_from_db()
    return order.status


def test_a_return_is_asked_for_and_told(delivered, published):
    returned = request_return(delivered, {sku_of(delivered): 1}, "too small")
    [event] = published("shipping.return_requested")
    assert (event["data"]["return_number"], event["data"]["reason"]) == (returned.number, "too small")
    assert [line["quantity"] for line in event["data"]["lines"]] == [1]
    assert returnable(delivered) == {sku_of(delivered): 1}


def test_what_came_back_is_in_stock_again_and_paid_back(
    delivered, published, mailoutbox, django_capture_on_commit_callbacks
):
    line = delivered.lines.get()
    with django_capture_on_commit_callbacks(execute=True):
        returned = receive_return(request_return(delivered, {line.sku: 1}, "too small"))
    assert returned.refunded == line.total / 2 == Payment.objects.get().refunded
    assert StockItem.objects.get().on_hand == 99
    assert StockMovement.objects.filter(reason="returned").values_list("quantity", flat=True).get() == 1
    [event] = published("shipping.return_received")
    assert (event["data"]["refunded"], event["data"]["currency"]) == (str(returned.refunded), "EUR")
    assert any(f"We give you back {returned.refunded} EUR" in mail.body for mail in mailoutbox)
    assert status_of(delivered) == "delivered"


def test_an_order_that_came_back_piece_by_piece_is_returned_and_all_but_the_shipping_paid_back(delivered, published):
    line = delivered.lines.get()
    for _ in range(2):
        receive_return(request_return(delivered, {line.sku: 1}, "too small"))
    assert status_of(delivered) == "returned"
    assert Payment.objects.get().refunded == line.total
    assert len(published("orders.order_returned")) == 1


def test_only_what_was_delivered_can_come_back(new_order):
    order = new_order(items=2)
    first, second = order.lines.all()
    ShipmentFactory(order=order, quantities={first.sku: 1}, status=Shipment.Status.DELIVERED)
    refusal = rf"{second.sku} \(wanted 1, possible 0\)"
    with pytest.raises(NotReturnable, match=refusal):
        request_return(order, {first.sku: 1, second.sku: 1}, "too small")
    request_return(order, {first.sku: 1}, "too small")
    with pytest.raises(NotReturnable, match="possible: nothing"):
        request_return(order, {}, "too small")


def test_nothing_comes_back_twice_unless_it_was_rejected(published):
    returned = ReturnLineFactory().returned
    everything = {line.order_line.sku: line.quantity for line in returned.lines.all()}
    with pytest.raises(NotReturnable):
        request_return(returned.order, everything, "again")
    reject_return(returned, "worn")
    assert [event["data"]["reason"] for event in published("shipping.return_rejected")] == ["worn"]
    again = request_return(returned.order, everything, "it was not worn")
    assert receive_return(again).refunded > 0


def test_a_closed_return_stays_closed():
    for status in (Return.Status.RECEIVED, Return.Status.REJECTED):
        returned = ReturnFactory(status=status)
        with pytest.raises(IllegalTransition, match="that is final"):
            receive_return(returned)
        with pytest.raises(IllegalTransition, match="that is final"):
            reject_return(returned, "no")


def test_after_completion_the_time_for_returns_is_over(delivered):
    Order.objects.update(status=Order.Status.COMPLETED)
    with pytest.raises(NotReturnable, match="time for returns is over"):
        request_return(delivered, {sku_of(delivered): 1}, "too small")


def test_no_more_is_paid_back_than_was_paid(delivered):
    refund_order(delivered, delivered.total - Decimal("5.00"))
    returned = receive_return(request_return(delivered, {sku_of(delivered): 2}, "too small"))
    assert returned.refunded == Decimal("5.00")
    assert Payment.objects.get().refundable == 0


def test_goods_of_a_refunded_order_may_still_come_back(delivered):
    refund_order(delivered)
    returned = receive_return(request_return(delivered, {sku_of(delivered): 2}, "too small"))
    assert (returned.refunded, status_of(delivered)) == (0, "refunded")
    assert StockItem.objects.get().on_hand == 100


@pytest.mark.django_db(transaction=True)
def test_a_return_received_twice_at_once_is_paid_back_once(delivered, monkeypatch):
    together, take_back = Barrier(3), inventory.take_back

    def wait_for_the_others(*args):
        with suppress(BrokenBarrierError):  # nobody comes: the others wait for the order's lock
            together.wait(timeout=0.5)
        take_back(*args)

    monkeypatch.setattr(inventory, "take_back", wait_for_the_others)
    returned = request_return(delivered, {sku_of(delivered): 1}, "too small")
    done, refused = at_once([lambda: receive_return(returned)] * 3, expected=IllegalTransition)
    assert (len(done), len(refused)) == (1, 2)
    assert Payment.objects.get().refunded == done[0].refunded
    assert StockItem.objects.get().on_hand == 99
