"""What comes late, or once more as after a redrive: it changes neither owner nor copy, and nobody is charged by it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from monolith.notifications.models import Email
from monolith.payments.events import (
    PaymentCaptured,
    PaymentHandedOver,
    PaymentRefunded,
    PaymentRequestDone,
    PaymentRequestRedirected,
    PaymentRequestRefused,
    PaymentTold,
    PaymentVoided,
)
from monolith.payments.factories import PaymentFactory
from monolith.payments.handlers import GROUP
from monolith.payments.models import LedgerEntry, Ownership, Payment, PaymentRequest
from monolith.payments.ownership import hand_over, recall
from monolith.payments.pursuing import work_off
from monolith.payments.services import Wanted, capture, request
from strangler.messaging import encode, seal
from tests.unit.monolith.payments.other_side import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def number(line):
    """Of a payment that the service owns: 100.00 EUR set aside."""
    number = PaymentFactory(captured=False).order_number
    hand_over([number])
    line.deliver_all()
    return number


def hear(line, *events):
    line.post(events)
    line.deliver_all()


def there(line, number, kind, amount, **more):
    """What the service tells of something it did. It is not said yet."""
    line.service.move(kind, line.service.payments[number], Decimal(amount), **more)
    return line.service.said[-1]


def the_service_does_not_hear(line):
    line.collect()
    for (reader, _), queue in line.queues.items():
        if reader == "service":
            queue.clear()


def copy():
    payment = Payment.objects.get()
    return payment.status, payment.captured, payment.refunded


def booked():
    return list(LedgerEntry.objects.exclude(kind="authorised").order_by("id").values_list("kind", "amount"))


def test_a_baton_of_long_ago_takes_nothing_from_the_service(number, line):
    """Two would own it."""
    of_then = PaymentHandedOver(**line.service.whole(number), to="monolith", epoch=2)
    recall([number])
    line.deliver_all()
    assert hand_over([number]) == [number]
    line.deliver_all()
    hear(line, of_then)
    assert list(Ownership.objects.values_list("owner", "epoch")) == [("service", 3)]


def test_a_baton_that_comes_again_does_not_undo_what_was_done_here_since(number, line):
    of_then = PaymentHandedOver(**line.service.whole(number), to="monolith", epoch=2)
    recall([number])
    line.deliver_all()
    capture(number, Decimal("30.00"))
    hear(line, of_then)
    assert copy() == ("partially_captured", 30, 0)


def test_sums_of_before_do_not_replace_those_of_now(number, line):
    payment = line.service.payments[number]
    payment.captured = Decimal("30.00")
    first = there(line, number, PaymentCaptured, "30.00", captured_total=payment.captured, captured_at=NOW)
    payment.captured = Decimal("80.00")
    second = there(line, number, PaymentCaptured, "50.00", captured_total=payment.captured, captured_at=NOW)
    payment.refunded = Decimal("5.00")
    third = there(line, number, PaymentRefunded, "5.00", refunded_total=payment.refunded, refunded_at=NOW)
    payment.refunded = Decimal("7.00")
    fourth = there(line, number, PaymentRefunded, "2.00", refunded_total=payment.refunded, refunded_at=NOW)
    hear(line, first, second, third, fourth)
    hear(line, first, third)
    assert copy() == ("partially_refunded", 80, 7)
    assert booked() == [("captured", 30), ("captured", 50), ("refunded", 5), ("refunded", 2)]
    assert Email.objects.count() == 4


def test_what_is_let_go_is_let_go_once(number, line):
    line.service.payments[number].voided = True
    told = there(line, number, PaymentVoided, "100.00", voided_at=NOW)
    hear(line, told, told)
    assert (copy(), booked()) == (("voided", 0, 0), [("voided", 100)])


def test_what_is_told_whole_of_a_payment_of_this_side_is_passed_over(number, line):
    of_then = PaymentTold(**line.service.whole(number))
    recall([number])
    line.deliver_all()
    capture(number, Decimal("30.00"))
    hear(line, of_then)
    assert copy() == ("partially_captured", 30, 0)


def test_what_this_side_told_of_a_payment_before_it_went_away_is_no_news_of_it(number, line):
    """It comes back to this group, behind what the service has told since: two publishers keep no order."""
    of_then = PaymentTold(**line.service.whole(number))
    line.service.payments[number].captured = Decimal("30.00")
    hear(line, there(line, number, PaymentCaptured, "30.00", captured_total="30.00", captured_at=NOW))
    line.hear(GROUP, [encode(seal(of_then, source="shop"))])
    assert copy() == ("partially_captured", 30, 0)


def test_what_is_here_already_is_not_asked_back(number, line):
    assert recall([number]) == [number]
    line.deliver_all()
    assert recall([number]) == []


def test_a_request_that_was_answered_is_not_answered_again(number, line):
    capture(number, Decimal("30.00"))
    line.deliver_all()
    row = PaymentRequest.objects.get()
    asked = {"request": row.request, "order_number": number, "action": "capture"}
    hear(
        line,
        PaymentRequestRefused(**asked, code="capture_too_large", reason="of another mind"),
        PaymentRequestDone(**asked, status="captured", captured_total=100, refunded_total=0),
    )
    again = PaymentRequest.objects.get()
    assert (again.status, again.reason, again.answered_at) == ("done", "", row.answered_at)


def test_an_answer_to_the_question_before_is_none_to_the_one_that_was_put_anew(number, line):
    capture(number, Decimal("30.00"))
    the_service_does_not_hear(line)
    asked = {"request": PaymentRequest.objects.get().request, "order_number": number, "action": "capture"}
    away = PaymentRequestRefused(**asked, code="gateway_unavailable", reason="the bank is away")
    hear(line, away)
    PaymentRequest.objects.update(due_at=timezone.now())
    assert work_off() == 1
    hear(line, away)
    assert (PaymentRequest.objects.get().status, copy()) == ("done", ("partially_captured", 30, 0))
    assert booked() == [("captured", 30)]


def test_what_was_redirected_before_the_baton_came_is_done_as_soon_as_it_is_here(number, line):
    capture(number, Decimal("30.00"))
    the_service_does_not_hear(line)
    row = PaymentRequest.objects.get()
    hear(line, PaymentRequestRedirected(request=row.request, order_number=number, action="capture", epoch=2))
    assert PaymentRequest.objects.get().status == "redirected"
    hear(line, PaymentHandedOver(**line.service.whole(number), to="monolith", epoch=2))
    assert (PaymentRequest.objects.get().status, copy()) == ("done", ("partially_captured", 30, 0))


def test_who_was_to_be_paid_by_then_is_not_charged_here_afterwards(line, stage):
    """The service never got to it, and gave back a payment that there is not."""
    stage("extracted")
    late = timezone.now() - timedelta(seconds=1)
    who = {"customer_email": "ada@example.com", "customer_name": "Ada", "currency": "EUR"}
    asked = request(Wanted("charge", "S-1", Decimal(25), card_token="tok_visa", answer_by=late, **who)).awaited
    the_service_does_not_hear(line)
    nothing = {"authorised": 0, "captured": 0, "refunded": 0, "authorisation": "", "status": "", "created_at": NOW}
    baton = PaymentHandedOver(order_number="S-1", **who, **nothing, to="monolith", epoch=2)
    hear(line, baton, PaymentRequestRedirected(request=asked, order_number="S-1", action="charge", epoch=2))
    row = PaymentRequest.objects.get()
    assert (row.status, row.code, row.card_token) == ("refused", "gateway_unavailable", "")
    assert not Payment.objects.exists()
