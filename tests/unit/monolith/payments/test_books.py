"""The books balance after anything that can be done to a payment."""

from contextlib import suppress

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from monolith.errors import CaptureTooLarge, RefundTooLarge
from monolith.money import CENT
from monolith.payments.factories import PaymentFactory
from monolith.payments.services import capture, give_back, refund
from tests.unit.monolith.payments.books import check_books

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
            check_books()
        transaction.set_rollback(True)


def play(move, number, amount):
    arguments = [] if move is give_back else [amount]
    with suppress(CaptureTooLarge, RefundTooLarge):
        move(number, *arguments)
