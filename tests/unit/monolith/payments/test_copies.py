"""What the service tells of payments that it owns: followed here once, without echo, and the customer hears of it."""

from decimal import Decimal

import pytest

from monolith.notifications.models import Email
from monolith.payments.events import PaymentCaptured
from monolith.payments.factories import PaymentFactory
from monolith.payments.models import LedgerEntry, Ownership, Payment
from monolith.payments.ownership import hand_over, recall
from monolith.payments.services import capture, refund
from strangler.inbox.models import ParkedMessage
from strangler.messaging import decode, encode, seal
from tests.unit.monolith.payments.other_side import NOW, SOURCE

pytestmark = pytest.mark.django_db


@pytest.fixture
def theirs(line):
    """100.00 EUR set aside, which the service owns."""
    payment = PaymentFactory(captured=False)
    hand_over([payment.order_number])
    line.deliver_all()
    return payment


def receipts():
    return Email.objects.filter(template="payment_receipt").count()


def captured_there(line, payment, amount="30.00"):
    line.service.said = []
    line.service.payments[payment.order_number].captured += Decimal(amount)
    copy = line.service.payments[payment.order_number]
    line.service.move(PaymentCaptured, copy, Decimal(amount), captured_total=copy.captured, captured_at=NOW)
    return line.service.said[-1]


def test_the_copy_has_sums_status_and_an_entry_of_the_services_time(theirs, line, published_types):
    before = len(published_types())
    line.post([captured_there(line, theirs)])
    line.deliver_all()
    payment = Payment.objects.get()
    assert (payment.captured, payment.status) == (30, "partially_captured")
    entry = LedgerEntry.objects.get(kind="captured")
    assert (entry.amount, entry.created_at) == (30, NOW)
    assert entry.reference.startswith("ref_")
    assert len(published_types()) == before, "there is no echo"


def test_what_is_told_twice_under_two_numbers_is_booked_and_mailed_once(theirs, line):
    told = captured_there(line, theirs)
    line.post([told, told])
    line.deliver_all()
    assert LedgerEntry.objects.filter(kind="captured").count() == receipts() == 1


@pytest.mark.parametrize(("stamp", "mails"), [(None, 1), ("notifications=monolith", 1), ("notifications=extracted", 0)])
def test_the_stamp_of_the_message_says_who_tells_the_customer(theirs, line, stamp, mails):
    """Whatever the stage is here by now: the service that writes e-mails goes by the same stamp."""
    message = seal(captured_there(line, theirs), source=SOURCE, stages=stamp)
    line.hear("payments-monolith", [encode(message)])
    assert receipts() == mails


def test_what_is_told_of_a_payment_of_this_side_is_passed_over(line):
    payment = PaymentFactory(captured=False)
    hand_over([payment.order_number])
    line.deliver_all()
    told = captured_there(line, payment)
    Ownership.objects.update(owner="monolith", epoch=2)
    line.post([told])
    line.deliver_all()
    assert Payment.objects.get().captured == receipts() == 0


def test_what_was_never_authorised_is_a_dead_letter_that_names_the_way_out(theirs, line):
    told = captured_there(line, theirs).model_copy(update={"order_number": "S-0"})
    Ownership.objects.create(order_number="S-0", owner="service", epoch=1)
    line.post([told])
    with pytest.raises(AssertionError):
        line.deliver_all()
    assert "backfill payments-monolith payments.payments" in ParkedMessage.objects.get().error


def test_a_copy_that_missed_something_is_completed_by_what_is_told_whole(theirs, line):
    captured_there(line, theirs)
    recall([theirs.order_number])
    line.deliver_all()
    payment = Payment.objects.get()
    assert (payment.captured, Ownership.objects.get().owner) == (30, "monolith")
    assert LedgerEntry.objects.get(kind="captured").amount == 30
    assert receipts() == 0, "whoever missed it is not told of it years later"
    refund(theirs.order_number)
    assert Payment.objects.get().status == "refunded"


def test_own_events_that_come_back_are_known_by_their_source(line):
    payment = PaymentFactory(captured=False)
    capture(payment.order_number, Decimal("30.00"))
    line.collect()
    own = [m for place, queue in line.queues.items() if place[0] == "payments-monolith" for m in queue]
    assert {decode(message).source for message in own} == {"shop/payments"}
    line.deliver_all()
    assert Payment.objects.get().captured == 30
    assert LedgerEntry.objects.filter(kind="captured").count() == receipts() == 1
