"""The books balance after anything that can be done to a payment."""

from contextlib import suppress
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from monolith.errors import CaptureTooLarge, RefundTooLarge
from monolith.money import CENT, ZERO
from monolith.payments.factories import PaymentFactory
from monolith.payments.models import Payment
from monolith.payments.services import capture, give_back, refund

amounts = st.none() | st.decimals(CENT, 120, places=2)
moves = st.one_of(
    st.tuples(st.sampled_from([capture, refund]), amounts),
    st.tuples(st.just(give_back), st.just("no amount")),
)


@pytest.mark.django_db
@settings(max_examples=60, deadline=None)
@given(captured=st.booleans(), plan=st.lists(moves, max_size=8))
def test_the_books_balance_whatever_is_captured_refunded_and_given_back(captured, plan):
    with transaction.atomic():
        number = PaymentFactory(captured=captured).order_number
        for move, amount in plan:
            play(move, number, amount)
            check(Payment.objects.get(order_number=number))
        transaction.set_rollback(True)


def play(move, number, amount):
    arguments = [] if move is give_back else [amount]
    with suppress(CaptureTooLarge, RefundTooLarge):
        move(number, *arguments)


def check(payment):
    books = dict.fromkeys(("authorised", "captured", "refunded", "voided"), ZERO)
    for entry in payment.entries.all():
        books[entry.kind] += entry.amount
    assert (books["authorised"], books["captured"], books["refunded"]) == (
        *(payment.authorised, payment.captured, payment.refunded),
    )
    assert payment.authorised >= payment.captured >= payment.refunded >= 0
    assert payment.authorised == payment.captured + payment.capturable + books["voided"]
    assert payment.status == expected_status(payment, books["voided"])


def expected_status(payment, voided: Decimal):
    closed = payment.captured + voided == payment.authorised
    if payment.refunded:
        return "refunded" if closed and payment.refunded == payment.captured else "partially_refunded"
    if voided:
        return "voided"
    if payment.captured:
        return "captured" if closed else "partially_captured"
    return "authorised"
