from decimal import Decimal

import pytest
from django.db import IntegrityError

from monolith.errors import CaptureTooLarge, LedgerIsAppendOnly, NotFound, PaymentDeclined, RefundTooLarge
from monolith.notifications.models import Email
from monolith.payments.factories import LedgerEntryFactory, PaymentFactory
from monolith.payments.models import LedgerEntry, Payment
from monolith.payments.selectors import payment_of
from monolith.payments.services import capture, give_back, refund

pytestmark = pytest.mark.django_db


@pytest.fixture
def authorised(db):
    """100.00 EUR set aside, nothing taken."""
    return PaymentFactory(captured=False)


def state(payment):
    payment = payment_of(payment.order_number)
    return payment.status, payment.captured, payment.refunded, payment.capturable


def test_what_is_authorised_is_captured_parcel_by_parcel(authorised, published):
    number = authorised.order_number
    capture(number, Decimal("30.00"))
    assert state(authorised) == ("partially_captured", 30, 0, 70)
    capture(number)
    assert state(authorised) == ("captured", 100, 0, 0)
    told = [(event["data"]["amount"], event["data"]["captured_total"]) for event in published()[1:]]
    assert told == [("30.00", "30.00"), ("70.00", "100.00")]
    assert list(Email.objects.values_list("template", flat=True)) == ["payment_receipt"] * 2


@pytest.mark.parametrize("amount", ["100.01", "0", "-1"])
def test_no_more_is_captured_than_is_authorised(authorised, amount):
    with pytest.raises(CaptureTooLarge, match=r"at most 100\.00 EUR"):
        capture(authorised.order_number, Decimal(amount))
    assert state(authorised) == ("authorised", 0, 0, 100)


@pytest.mark.parametrize("finish", [capture, give_back])
def test_once_nothing_is_left_nothing_can_be_captured(authorised, finish):
    finish(authorised.order_number)
    with pytest.raises(CaptureTooLarge, match=r"at most 0\.00 EUR"):
        capture(authorised.order_number)


def test_a_parcel_that_came_back_does_not_stop_the_next_one(authorised):
    number = authorised.order_number
    capture(number, Decimal("30.00"))
    refund(number, Decimal("30.00"))
    assert state(authorised) == ("partially_refunded", 30, 30, 70)
    capture(number)
    assert state(authorised) == ("partially_refunded", 100, 30, 0)
    refund(number)
    assert state(authorised) == ("refunded", 100, 100, 0)


@pytest.mark.parametrize("close", [refund, give_back])
@pytest.mark.parametrize("refunded", ["0", "10.00", "30.00"])
def test_giving_everything_back_refunds_what_was_taken_and_lets_go_of_the_rest(
    authorised, close, refunded, published_types
):
    number = authorised.order_number
    capture(number, Decimal("30.00"))
    if refunded != "0":
        refund(number, Decimal(refunded))
    close(number)
    assert state(authorised) == ("refunded", 30, 30, 0)
    assert published_types()[-1] == "payments.payment_voided"
    assert [entry.amount for entry in LedgerEntry.objects.filter(kind="voided")] == [70]


@pytest.mark.parametrize("amount", [None, Decimal("0.01")])
def test_nothing_is_refunded_twice(amount):
    payment = refund(PaymentFactory().order_number)
    with pytest.raises(RefundTooLarge, match=r"at most 0\.00 EUR"):
        refund(payment.order_number, amount)


@pytest.mark.parametrize("captured", [True, False])
def test_giving_back_what_was_given_back_is_fine(captured, published):
    payment = PaymentFactory(captured=captured)
    give_back(payment.order_number)
    before = len(published())
    give_back(payment.order_number)
    assert len(published()) == before


@pytest.mark.parametrize("use", [capture, refund, give_back, payment_of])
def test_an_order_without_a_payment_is_named(use):
    with pytest.raises(NotFound, match="no payment for order S-NONE"):
        use("S-NONE")


@pytest.mark.parametrize("captured", [True, False])
def test_a_declined_card_leaves_no_payment(captured):
    with pytest.raises(PaymentDeclined, match=r"100\.00 EUR: the bank declined it"):
        PaymentFactory(card_token="tok_declined", captured=captured)
    assert not Payment.objects.exists()


def test_the_ledger_is_append_only():
    entry = LedgerEntryFactory()
    for forbidden in (entry.save, entry.delete, LedgerEntry.objects.all().delete, LedgerEntry.objects.update):
        with pytest.raises(LedgerIsAppendOnly, match="opposite entry"):
            forbidden()


@pytest.mark.parametrize("kind", LedgerEntry.Kind.values)
def test_an_entry_of_the_factory_is_one_a_service_wrote(kind):
    entry = LedgerEntryFactory(kind=kind)
    assert (entry.kind, entry.amount) == (kind, 100)


@pytest.mark.parametrize(("column", "constraint"), [("captured", "captured_in_auth"), ("refunded", "refunded_in_capt")])
def test_the_database_refuses_what_no_service_would_write(column, constraint):
    PaymentFactory()
    with pytest.raises(IntegrityError, match=f"payments_{constraint}"):
        Payment.objects.update(**{column: Decimal("100.01")})
