"""Orders whose payments the payments service owns: paid by its answer, or explained; and money back when it says so."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from monolith.errors import IllegalTransition, OrderPending, PaymentElsewhere, RefundTooLarge
from monolith.inventory.models import Reservation, StockItem
from monolith.notifications.models import Email
from monolith.orders.factories import OrderFactory
from monolith.orders.models import AwaitedRefund
from monolith.orders.sagas import LONGEST_WAIT_FOR_PAYMENT
from monolith.orders.services import cancel_order, refund_order
from monolith.orders.write_off import write_off_lost_parcel
from monolith.payments.events import PaymentRequestRefused
from monolith.payments.models import Ownership, Payment, PaymentRequest
from monolith.payments.ownership import hand_over
from monolith.shipping.services import deliver, dispatch, receive_return, request_return, ship
from tests.support.payments_away import PaymentsAway
from tests.unit.monolith.orders.conftest import saga_of
from tests.unit.monolith.orders.test_pending import tables_with_the_card

pytestmark = pytest.mark.django_db

CARD = "tok_of_ada_4711"


@pytest.fixture
def unpaid(bank):
    """The service has not heard of it yet."""
    return OrderFactory()


@pytest.fixture
def set_aside(bank, again):
    """Placed, to be paid for when it is shipped."""
    order = OrderFactory(pay="on_shipment")
    bank.deliver_all()
    return again(order)


@pytest.fixture
def paid(bank, again):
    order = OrderFactory()
    bank.deliver_all()
    return again(order)


def templates():
    return sorted(Email.objects.values_list("template", flat=True))


def moved(bank):
    return [(kind, amount) for kind, _, amount in bank.service.moves]


def payment_of(order):
    return Payment.objects.get(order_number=order.number)


def test_an_order_is_pending_until_the_service_has_been_paid(unpaid, bank, again):
    assert (unpaid.status, unpaid.payment_retried_until) == ("pending", None)
    assert not Payment.objects.exists()
    assert Ownership.objects.get(order_number=unpaid.number).epoch == 1
    bank.deliver_all()
    order = again(unpaid)
    assert (order.status, payment_of(order).captured) == ("placed", order.total)
    assert moved(bank) == [("authorised", order.total), ("captured", order.total)]
    assert templates() == ["order_confirmation", "payment_receipt"]
    assert saga_of(order).status == "completed"


def test_what_is_paid_on_shipment_is_set_aside(set_aside, bank):
    assert (set_aside.status, payment_of(set_aside).status) == ("placed", "authorised")
    assert moved(bank) == [("authorised", set_aside.total)]


def test_a_declined_card_cancels_it_with_the_code_that_it_always_had(bank, again):
    order = OrderFactory(card_token="tok_declined")
    bank.deliver_all()
    assert (again(order).status, again(order).cancel_code) == ("cancelled", "payment_declined")
    assert StockItem.objects.get().reserved == 0
    assert templates() == ["order_rejected"]
    assert moved(bank) == []
    assert not Payment.objects.exists()


def test_the_card_is_known_while_it_is_asked_for_and_then_only_in_the_question(bank, again):
    OrderFactory(card_token=CARD)
    assert tables_with_the_card() == {"payments_paymentrequest", "strangler_outbox"}
    bank.deliver_all()
    assert tables_with_the_card() == {"strangler_outbox"}, "until it is pruned"


def test_asked_again_the_service_takes_the_money_once(unpaid, bank, again):
    bank.pass_time()
    bank.pass_time()
    assert PaymentRequest.objects.get().attempts == 3
    bank.deliver_all()
    assert again(unpaid).status == "placed"
    assert moved(bank) == [("authorised", unpaid.total), ("captured", unpaid.total)]


def test_a_service_that_does_not_answer_is_waited_for_longer_than_for_goods_but_not_for_ever(unpaid, bank, again):
    for _ in range(4):
        bank.pass_time()
    assert again(unpaid).status == "pending"
    bank.pass_time()
    order = again(unpaid)
    assert (order.status, order.cancel_code) == ("cancelled", "no_answer")
    assert "The bank did not answer in time" in order.cancel_reason
    bank.come_to_rest()
    order = again(unpaid)
    assert payment_of(order).status == "refunded", "what it took after all is given back"
    assert [kind for kind, _ in moved(bank)] == ["authorised", "captured", "refunded"]
    assert StockItem.objects.get().reserved == 0


# The bank does not answer.


@pytest.fixture
def deferred(unpaid, bank):
    bank.service.gateway_is_up = False
    bank.deliver_all()
    return unpaid


def test_while_the_bank_does_not_answer_the_order_says_until_when_it_is_tried(deferred, bank, again, published):
    order = again(deferred)
    assert order.status == "pending"
    assert timedelta(minutes=59) < order.payment_retried_until - timezone.now() <= LONGEST_WAIT_FOR_PAYMENT
    assert saga_of(order).due_at > order.payment_retried_until
    assert StockItem.objects.get().reserved == 2
    [told] = published("orders.order_awaits_payment")
    assert told["data"]["order_number"] == order.number
    assert templates() == ["order_awaits_payment"]
    assert "We try again until" in Email.objects.get().body
    with pytest.raises(OrderPending, match=r"Wait until it is, until 20\d\d-\d\d-\d\d \d\d:\d\d UTC at most"):
        cancel_order(order, "changed my mind")


def test_the_customer_is_told_of_it_once(deferred, bank, again):
    bank.pass_time()
    bank.deliver_all()
    assert PaymentRequest.objects.get().attempts == 2
    assert templates() == ["order_awaits_payment"]


def test_once_the_bank_is_back_it_is_placed_as_ever(deferred, bank, again):
    bank.gateway_comes_back()
    bank.deliver_all()
    order = again(deferred)
    assert (order.status, order.payment_retried_until) == ("placed", None)
    assert templates() == ["order_awaits_payment", "order_confirmation", "payment_receipt"]


def test_a_bank_that_stays_away_cancels_it_and_nothing_is_taken(deferred, bank, again):
    for _ in range(5):
        bank.pass_time()
        bank.deliver_all()
    order = again(deferred)
    assert (order.status, order.payment_retried_until) == ("cancelled", None)
    assert templates() == ["order_awaits_payment", "order_rejected"]
    bank.gateway_comes_back()
    bank.come_to_rest()
    assert moved(bank) == []
    assert not PaymentRequest.objects.filter(status__in=PaymentRequest.UNANSWERED).exists()


def test_no_service_keeps_the_shop_waiting_for_longer_than_it_would(unpaid, bank, again):
    bank.service.gateway_is_up = False
    bank.collect()
    for place in bank.waiting():
        if place[0] == "service":
            bank.deliver(place, most=50)
    [request] = bank.service.deferred
    late = request.answer_by + timedelta(days=7)
    bank.service.deferred[:] = [request.model_copy(update={"answer_by": late})]
    bank.lose("orders")
    bank.service.said = []
    bank.service.defer(
        bank.service.deferred[0], {"request": request.request, "order_number": unpaid.number, "action": "charge"}
    )
    bank.post(bank.service.said)
    bank.deliver_all()
    assert again(unpaid).payment_retried_until < timezone.now() + timedelta(hours=1, minutes=1)


# Money back.


def test_a_refund_is_asked_for_and_ends_the_order_when_it_is_done(paid, bank, again, published_types):
    assert refund_order(paid).status == "placed"
    assert payment_of(paid).refunded == 0
    bank.deliver_all()
    assert (again(paid).status, payment_of(paid).refunded) == ("refunded", paid.total)
    assert published_types()[-1] == "orders.order_refunded"
    assert not AwaitedRefund.objects.exists()
    assert not Reservation.objects.filter(status="active").exists()
    assert "refund" in templates()


def test_what_is_certain_is_refused_at_once(paid, set_aside, bank):
    with pytest.raises(RefundTooLarge, match=r"100000\.00 can't be refunded; at most"):
        refund_order(paid, Decimal("100000.00"))
    with pytest.raises(RefundTooLarge, match="nothing is paid yet"):
        refund_order(set_aside)
    refund_order(paid)
    with pytest.raises(RefundTooLarge, match=r"at most 0\.00"):
        refund_order(paid, Decimal("0.01"))
    assert PaymentRequest.objects.filter(action="refund").count() == 1


def test_parts_are_given_back_as_often_as_there_is_something_left(paid, bank, again):
    half = paid.total / 2
    refund_order(paid, half.quantize(Decimal("0.01")))
    refund_order(paid, Decimal("1.00"))
    bank.deliver_all()
    assert again(paid).status == "placed"
    refund_order(paid)
    bank.deliver_all()
    assert again(paid).status == "refunded"
    assert payment_of(paid).refunded == paid.total


def test_a_refund_that_the_service_refuses_leaves_the_order_as_it_was(paid, bank, again):
    refund_order(paid)
    bank.collect()
    bank.service.payments[paid.number].refunded = paid.total
    bank.deliver_all()
    assert again(paid).status == "placed"
    assert not AwaitedRefund.objects.exists()
    assert PaymentRequest.objects.get(action="refund").code == "refund_too_large"


def test_money_that_has_to_go_back_is_not_given_up_with_the_bank(paid, bank, again):
    refund_order(paid)
    bank.collect()
    asked = PaymentRequest.objects.get(action="refund")
    answer = {"request": asked.request, "order_number": paid.number, "action": "refund"}
    bank.lose("service")
    bank.post([PaymentRequestRefused(**answer, code="gateway_unavailable", reason="away for days")])
    bank.come_to_rest()
    assert again(paid).status == "placed"
    PaymentRequest.objects.update(due_at=timezone.now())
    bank.pass_time()
    bank.come_to_rest()
    assert again(paid).status == "refunded"
    assert PaymentRequest.objects.get(action="refund").attempts == 2


def test_a_cancelled_order_gets_its_money_back(paid, set_aside, bank, again):
    for order in (paid, set_aside):
        assert cancel_order(order, "changed my mind").status == "cancelled"
    bank.deliver_all()
    assert (payment_of(paid).status, payment_of(set_aside).status) == ("refunded", "voided")
    assert again(paid).status == again(set_aside).status == "cancelled"


# Shipping.


def test_what_is_shipped_is_captured_parcel_by_parcel(set_aside, bank):
    sku = set_aside.lines.get().sku
    ship(set_aside, {sku: 1})
    ship(set_aside)
    assert payment_of(set_aside).captured == 0
    bank.deliver_all()
    assert payment_of(set_aside).captured == set_aside.total
    first, second = (amount for kind, amount in moved(bank) if kind == "captured")
    assert first + second == set_aside.total
    assert templates().count("payment_receipt") == 2


def test_what_was_paid_at_the_checkout_is_not_captured_again(paid, bank):
    ship(paid)
    bank.deliver_all()
    assert PaymentRequest.objects.count() == 1


def test_nobody_ships_what_nobody_here_knows_to_be_paid(unpaid, bank, again):
    for place in bank.waiting():
        if place[0] == "service":
            bank.deliver(place, most=50)
    while answers := [place for place in bank.waiting() if place[0] == "checkout"]:
        bank.deliver(answers[0], most=50)
    order = again(unpaid)
    assert order.status == "placed"
    with pytest.raises(PaymentElsewhere, match=r"has not told yet how it stands\. Try again in a moment"):
        ship(order)
    bank.deliver_all()
    ship(order)


def test_a_return_gives_back_its_share(paid, bank, again):
    [parcel] = ship(paid)
    deliver(dispatch(parcel, carrier="Paketo", tracking_number="PA1"))
    returned = receive_return(request_return(again(paid), {paid.lines.get().sku: 1}, "too small"))
    assert 0 < returned.refunded < paid.total
    bank.deliver_all()
    assert payment_of(paid).refunded == returned.refunded


def test_a_lost_parcel_is_not_written_past_the_service(paid, bank, again):
    [parcel] = ship(paid)
    write_off_lost_parcel(dispatch(parcel, carrier="Paketo", tracking_number="PA1"))
    assert payment_of(paid).refunded == 0
    bank.deliver_all()
    assert payment_of(paid).refunded == sum(line.total for line in paid.lines.all())


# The stage goes back and forth.


def test_an_order_of_before_goes_on_wherever_its_payment_is(settings, again):
    bank, order = PaymentsAway(), OrderFactory(pay="on_shipment")
    assert hand_over([order.number]) == [order.number]
    ship(order)
    bank.come_to_rest()
    assert payment_of(order).captured == order.total
    refund_order(again(order))
    bank.come_to_rest()
    assert again(order).status == "refunded"
    assert [kind for kind, _ in moved(bank)] == ["captured", "refunded"]


def test_a_pending_order_stays_with_whom_it_began_although_the_stage_goes_back(unpaid, bank, again, settings):
    settings.STRANGLER = {**settings.STRANGLER, "STAGES": {}}
    bank.pass_time()
    bank.deliver_all()
    assert again(unpaid).status == "placed"
    assert moved(bank) == [("authorised", unpaid.total), ("captured", unpaid.total)]


def test_a_pending_order_is_not_refunded(unpaid):
    with pytest.raises(IllegalTransition):
        refund_order(unpaid)
