import pytest

from monolith.inventory.models import Reservation, StockItem, StockMovement, Transfer
from monolith.notifications.models import Email
from monolith.orders.factories import OrderFactory
from monolith.orders.models import Order
from monolith.payments.factories import PaymentFactory
from monolith.payments.models import Payment
from monolith.shipping.factories import ReturnFactory, ShipmentFactory
from monolith.shipping.models import Return, Shipment
from tests.unit.monolith.admin.conftest import act, messages_of, url
from tests.unit.monolith.admin.rows import MAKE

pytestmark = pytest.mark.django_db


def test_the_cancel_action_asks_for_a_reason_and_goes_through_the_service(desk, published):
    order = OrderFactory()
    assert act(desk, Order, "cancel") == []
    assert Order.objects.get().status == "placed"
    assert act(desk, Order, "cancel", reason="fraud") == ["Cancelled: 1"]
    assert Order.objects.get().cancel_reason == "fraud"
    [event] = published("orders.order_cancelled")
    assert (event["data"]["order_number"], event["data"]["reason"]) == (order.number, "fraud")


def test_an_answer_that_is_missing_is_asked_for_again(desk):
    OrderFactory()
    rows = {"action": "cancel", "_selected_action": [Order.objects.get().pk], "confirmed": "yes", "reason": ""}
    page = desk.post(url(Order, "changelist"), rows)
    assert "This field is required" in page.content.decode()
    assert Order.objects.get().status == "placed"


def test_the_question_names_the_rows_and_remembers_them(desk):
    orders = [OrderFactory(), OrderFactory()]
    rows = {"action": "cancel", "_selected_action": [order.pk for order in orders]}
    page = desk.post(url(Order, "changelist"), rows).content.decode()
    for order in orders:
        assert order.number in page
        assert f'name="_selected_action" value="{order.pk}"' in page


def test_the_refund_action_shows_a_refusal_and_goes_on(desk, published_types):
    OrderFactory()
    act(desk, Order, "cancel", reason="changed her mind")
    OrderFactory()
    done, refusal = sorted(act(desk, Order, "refund", amount=""), reverse=True)
    assert "is cancelled and can't become refunded: that is final" in done + refusal
    assert "Refunded: 1" in (done, refusal)
    assert published_types().count("payments.payment_refunded") == 2


def test_a_part_of_an_order_is_refunded(desk):
    OrderFactory()
    assert act(desk, Order, "refund", amount="5.00") == ["Refunded: 1"]
    assert str(Payment.objects.get().refunded) == "5.00"
    [refusal] = act(desk, Order, "refund", amount="5000")
    assert "at most" in refusal


def test_an_order_is_shipped_from_its_own_page(desk, published_types):
    order = OrderFactory()
    page = url(Order, "change", order.pk)
    answer = desk.post(page, {"action": "ship"}, follow=True)
    assert messages_of(answer) == ["Packed: 1"]
    assert answer.redirect_chain[0][0] == page
    assert Order.objects.get().status == "shipped"
    assert "shipping.shipment_packed" in published_types()
    [refusal] = act(desk, Order, "ship")
    assert "everything is shipped already" in refusal


def test_an_action_that_does_not_exist_is_refused(desk):
    order = OrderFactory()
    assert desk.post(url(Order, "change", order.pk), {"action": "delete_everything"}).status_code == 403


def test_an_order_cannot_be_edited(desk):
    order = OrderFactory()
    answer = desk.post(url(Order, "change", order.pk), {"status": "refunded", "total": "0.01"})
    assert answer.status_code == 403
    assert (Order.objects.get().status, Order.objects.get().total) == ("placed", order.total)


def test_an_authorised_payment_is_captured_in_parts(desk, published):
    PaymentFactory(captured=False)
    assert act(desk, Payment, "capture", amount="40.00") == ["Captured: 1"]
    assert act(desk, Payment, "capture", amount="") == ["Captured: 1"]
    assert [event["data"]["amount"] for event in published("payments.payment_captured")] == ["40.00", "60.00"]
    assert "can't be captured" in act(desk, Payment, "capture", amount="")[0]


def test_a_parcel_is_delivered_once_it_was_dispatched(desk, published_types):
    ShipmentFactory()
    assert "can only become dispatched" in act(desk, Shipment, "deliver")[0]
    Shipment.objects.all().delete()
    ShipmentFactory(status="dispatched")
    assert act(desk, Shipment, "deliver") == ["Delivered: 1"]
    assert published_types()[-2:] == ["shipping.shipment_delivered", "orders.order_delivered"]


def test_a_carrier_that_was_never_told_is_booked_again(desk, django_capture_on_commit_callbacks):
    ShipmentFactory()
    with django_capture_on_commit_callbacks(execute=True):
        assert act(desk, Shipment, "book_carrier") == ["Booked: 1"]
    assert Shipment.objects.get().status == "dispatched"


def test_a_return_is_received_or_rejected(desk, published):
    ReturnFactory()
    assert act(desk, Return, "reject", reason="worn") == ["Rejected: 1"]
    assert published("shipping.return_rejected")[0]["data"]["reason"] == "worn"
    assert "that is final" in act(desk, Return, "receive")[0]
    Return.objects.all().delete()
    ReturnFactory()
    assert act(desk, Return, "receive") == ["Received: 1"]
    assert published("payments.payment_refunded")
    assert StockMovement.objects.filter(reason="returned").exists()


def test_restocking_asks_how_many_and_why(desk, published):
    item = MAKE[StockItem](0)
    assert act(desk, StockItem, "restock", by="7", reason="delivery 12") == ["Restocked: 1"]
    assert StockItem.objects.get().on_hand == item.on_hand + 7
    assert published("inventory.stock_adjusted")[-1]["data"]["reason"] == "delivery 12"


def test_a_transfer_goes_its_way(desk, published_types):
    MAKE[Transfer](1)
    assert "can only become dispatched or cancelled" in act(desk, Transfer, "receive")[0]
    assert act(desk, Transfer, "dispatch_transfer") == ["Dispatched: 1"]
    assert "can only become received" in act(desk, Transfer, "cancel")[0]
    assert act(desk, Transfer, "receive") == ["Received: 1"]
    assert published_types()[-2:] == ["inventory.stock_dispatched", "inventory.stock_received"]


def test_a_planned_transfer_is_cancelled(desk):
    MAKE[Transfer](1)
    assert act(desk, Transfer, "cancel") == ["Cancelled: 1"]
    assert Transfer.objects.get().status == "cancelled"


def test_an_email_can_be_sent_again(desk, mailoutbox, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        OrderFactory()
    with django_capture_on_commit_callbacks(execute=True):
        assert act(desk, Email, "send_again") == ["Sent again: 2"]
    ids = [mail.extra_headers["Message-ID"] for mail in mailoutbox]
    assert len(ids) == 4
    assert len(set(ids)) == 2


def test_nothing_reserves_or_moves_stock_by_hand(desk):
    for model in (Reservation, StockMovement):
        row = MAKE[model](1)
        assert desk.post(url(model, "change", row.pk), {"quantity": "999"}).status_code == 403
