"""Answers of the payments service that no checkout waits for, although they are of its order, and of the same types."""

from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from monolith.notifications.models import Email
from monolith.orders.factories import OrderFactory
from monolith.orders.models import AwaitedRefund
from monolith.orders.sagas import payment_of
from monolith.orders.services import refund_order
from monolith.payments.events import PaymentRequestDeferred, PaymentRequestDone, PaymentRequestRefused
from monolith.payments.models import PaymentRequest
from strangler.messaging import Event
from tests.unit.monolith.orders.conftest import saga_of

pytestmark = pytest.mark.django_db
ACTIONS = ("charge", "capture", "refund", "give_back")


@pytest.fixture
def unpaid(bank):
    order = OrderFactory()
    bank.lose("service")
    return order


def say(bank, order, kind: type[Event], action: str, request: UUID | None = None, **more) -> None:
    bank.post([kind(request=request or uuid4(), order_number=order.number, action=action, **more)])
    bank.deliver_all()


def done(bank, order, action, request=None, status="captured"):
    totals = {"captured_total": order.total, "refunded_total": Decimal("0.00")}
    say(bank, order, PaymentRequestDone, action, request, status=status, **totals)


def waits_for_its_payment(order) -> bool:
    saga = saga_of(order)
    return (order.status, order.payment_retried_until, saga.status, saga.step) == (
        "pending",
        None,
        "waiting",
        "payment",
    )


@pytest.mark.parametrize("action", ACTIONS)
def test_what_was_done_for_somebody_else_pays_no_order(unpaid, bank, again, action):
    done(bank, unpaid, action)
    assert waits_for_its_payment(again(unpaid))
    done(bank, unpaid, "charge", payment_of(unpaid.number))
    assert again(unpaid).status == "placed"


@pytest.mark.parametrize("action", ACTIONS)
def test_what_somebody_else_was_refused_cancels_no_order(unpaid, bank, again, action):
    say(bank, unpaid, PaymentRequestRefused, action, code="payment_declined", reason="asked by somebody else")
    assert waits_for_its_payment(again(unpaid))
    say(bank, unpaid, PaymentRequestRefused, "charge", payment_of(unpaid.number), code="payment_declined", reason="no")
    assert again(unpaid).status == "cancelled"


def test_an_answer_that_takes_longer_for_somebody_else_is_of_no_interest_to_the_customer(unpaid, bank, again):
    say(bank, unpaid, PaymentRequestDeferred, "refund", until=timezone.now(), reason="the bank is away")
    assert waits_for_its_payment(again(unpaid))
    assert not Email.objects.exists()


def test_the_answer_to_one_order_is_none_to_the_next(unpaid, bank, again):
    other = OrderFactory()
    done(bank, other, "charge", payment_of(other.number))
    assert (again(other).status, waits_for_its_payment(again(unpaid))) == ("placed", True)


def test_what_is_said_to_a_payment_given_back_is_no_payment_that_came_late(unpaid, bank, again):
    """Which would be given back once more."""
    for _ in range(5):
        bank.pass_time()
    assert again(unpaid).cancel_code == "no_answer"
    bank.lose("service")
    given_back = PaymentRequest.objects.get(action="give_back")
    done(bank, unpaid, "give_back", given_back.request, status="")
    assert PaymentRequest.objects.filter(action="give_back").count() == 1
    assert saga_of(unpaid).status == "compensated"


def test_a_refund_that_an_order_waits_for_is_ended_by_its_own_answer_alone(bank, again):
    order = OrderFactory()
    bank.deliver_all()
    refund_order(again(order))
    bank.lose("service")
    say(bank, order, PaymentRequestRefused, "refund", code="refund_too_large", reason="asked by somebody else")
    done(bank, order, "refund", status="refunded")
    assert (again(order).status, AwaitedRefund.objects.count()) == ("placed", 1)
