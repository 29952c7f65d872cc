"""Threads against a real PostgreSQL: a payment changes hands while money is taken and given back."""

import random
import threading
from contextlib import suppress
from decimal import Decimal
from functools import partial

import pytest

from monolith.errors import CaptureTooLarge, PaymentDeclined, RefundTooLarge
from monolith.payments.factories import PaymentFactory
from monolith.payments.models import LedgerEntry, Ownership, Payment, PaymentRequest
from monolith.payments.ownership import hand_over, recall
from monolith.payments.pursuing import work_off
from monolith.payments.services import capture, give_back, refund
from tests.support.at_once import at_once
from tests.unit.monolith.payments.books import check_books
from tests.unit.monolith.payments.other_side import Line

pytestmark = pytest.mark.django_db(transaction=True)

MONEY = ("payments.payment_captured.v1", "payments.payment_refunded.v1", "payments.payment_voided.v1")
REFUSALS = (CaptureTooLarge, RefundTooLarge, PaymentDeclined)


@pytest.mark.parametrize("turn", range(4))
def test_what_is_handed_over_is_what_was_there_and_no_money_moves_here_after_it(turn, published):
    line = Line()
    number = PaymentFactory(captured=False).order_number
    calls = [partial(capture, number, Decimal(30)) for _ in range(5)] + [partial(hand_over_until_it_went, number)]
    random.Random(turn).shuffle(calls)
    at_once(calls, expected=REFUSALS)
    told = [message for message in published() if message["partitionkey"].endswith(number)]
    moved = next(place for place, message in enumerate(told) if "handed_over" in message["type"])
    assert not [message["type"] for message in told[moved:] if message["type"] in MONEY]
    here = sum(message["type"] == MONEY[0] for message in told)
    assert Decimal(told[moved]["data"]["captured"]) == 30 * here
    come_to_rest(line)
    assert Payment.objects.get().captured == 90
    assert here + len(line.service.moves) == LedgerEntry.objects.filter(kind="captured").count() == 3


def hand_over_until_it_went(number):
    """It is left alone while somebody has it in hand."""
    while not hand_over([number]):
        pass


def test_money_and_a_baton_that_goes_round_and_round():
    """At most one side owns a payment at each moment, nothing is taken twice, and in the end both have the same."""
    line, over, dice = Line(), threading.Event(), random.Random(4)
    numbers = [PaymentFactory(captured=False).order_number for _ in range(3)]

    def customer(seed):
        own = random.Random(seed)
        for _ in range(8):
            action, number = own.choice((capture, capture, refund, give_back)), own.choice(numbers)
            amount = [] if action is give_back else [Decimal(own.choice((5, 20)))]
            with suppress(*REFUSALS):
                action(number, *amount)

    def mover():
        while not over.is_set():
            hand_over(dice.sample(numbers, 2))
            carry()
            recall(dice.sample(numbers, 2))
            carry()

    def carry():
        for place in line.waiting():
            line.deliver(place, most=5)
            away = set(Ownership.objects.filter(owner="service").values_list("order_number", flat=True))
            assert line.service.owned <= away

    def pay():
        try:
            at_once([partial(customer, seed) for seed in range(3)])
        finally:
            over.set()

    at_once([pay, mover])
    come_to_rest(line)
    check_books()
    for payment in Payment.objects.all():
        theirs = line.service.payments.get(payment.order_number)
        sums = (payment.status, payment.captured, payment.refunded)
        assert theirs is None or sums == (theirs.status, theirs.captured, theirs.refunded)
    references = LedgerEntry.objects.values_list("reference", flat=True).exclude(kind="authorised")
    assert len(references) == len(set(references))


def come_to_rest(line):
    for _ in range(50):
        line.deliver_all()
        if not work_off() and not line.waiting():
            break
        PaymentRequest.objects.filter(due_at__isnull=False).update(due_at="2020-01-01T00:00Z")
    assert not PaymentRequest.objects.filter(status__in=PaymentRequest.UNANSWERED).exists()
