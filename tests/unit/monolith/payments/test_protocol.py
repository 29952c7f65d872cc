"""The monolith's side beside a model of the service: a baton that comes and goes while money is taken and given back.

Messages of one key arrive in order, others in any, some twice; the gateway is away now and then. In the end nothing was
captured twice or refunded more than captured, each request was done once or refused, and both sides have the same.
"""

import random
from collections import Counter
from decimal import Decimal

import pytest
from django.conf import settings as shop
from django.db import transaction
from django.test import TestCase, override_settings
from django.utils import timezone
from hypothesis import Phase, given, note, settings
from hypothesis import strategies as st

from monolith.errors import ShopError
from monolith.payments.models import LedgerEntry, Ownership, Payment, PaymentRequest
from monolith.payments.ownership import hand_over, recall
from monolith.payments.pursuing import work_off
from monolith.payments.services import Wanted, request
from strangler.messaging import decode, encode, open_as, seal
from tests.unit.monolith.payments.books import check_books
from tests.unit.monolith.payments.other_side import EVENTS, SOURCE, Line

STEPS = 70
KINDS = ("authorised", "captured", "refunded", "voided")


class Shop:
    """Both sides and the line between them. `asked`: what was wanted and not refused at once, with its request."""

    def __init__(self, dice):
        self.dice = dice
        self.line = Line()
        self.asked = []
        self.orders = []

    def live(self, steps):
        actions = {
            self.pay: 6,
            self.capture: 6,
            self.refund: 5,
            self.give_back: 2,
            self.hand_over: 5,
            self.recall: 5,
            self.deliver: 16,
            self.everything_arrives: 1,
            self.something_comes_twice: 3,
            self.the_gateway_goes_or_comes: 2,
            self.look: 1,
        }
        for action in self.dice.choices(list(actions), list(actions.values()), k=steps):
            action()
            self.check_at_any_moment()
        self.come_to_rest()
        self.check_the_end()

    def pay(self):
        number = f"S-{len(self.orders)}"
        self.orders.append(number)
        stage = self.dice.choice(("monolith", "canary:50", "extracted"))
        with override_settings(STRANGLER={**shop.STRANGLER, "STAGES": {"payments": stage}}):
            card = self.dice.choice(("tok_visa", "tok_visa", "tok_visa", "tok_declined"))
            customer = {"card_token": card, "customer_email": "ada@example.com", "customer_name": "Ada"}
            action = self.dice.choice(("authorise", "charge"))
            self.want(Wanted(action, number, Decimal(self.dice.choice((10, 40, 90))), "EUR", **customer))

    def capture(self):
        self.want_of_some("capture", self.some_amount())

    def refund(self):
        self.want_of_some("refund", self.some_amount())

    def give_back(self):
        self.want_of_some("give_back", None)

    def want_of_some(self, action, amount):
        if self.orders:
            self.want(Wanted(action, self.dice.choice(self.orders[-4:]), amount))

    def some_amount(self):
        return self.dice.choice((None, Decimal(5), Decimal(10), Decimal(30)))

    def want(self, wanted):
        try:
            with TestCase.captureOnCommitCallbacks(execute=True):
                self.asked.append((wanted, request(wanted)))
        except ShopError:
            pass

    def hand_over(self):
        hand_over(self.some())

    def recall(self):
        there = set(Payment.objects.values_list("order_number", flat=True))
        recall(there.intersection(self.some()))

    def some(self):
        return self.dice.sample(self.orders, min(len(self.orders), self.dice.choice((1, 2, 9))))

    def deliver(self):
        if places := self.line.waiting():
            self.line.deliver(self.dice.choice(places), most=self.dice.choice((1, 2, 9)))

    def everything_arrives(self):
        self.line.deliver_all()

    def something_comes_twice(self):
        """With a number of its own, so that the inbox does not see it."""
        if places := self.line.waiting():
            queue = self.line.queues[self.dice.choice(places)]
            envelope = decode(queue[0])
            if envelope.source == f"{SOURCE}/payments" or envelope.event_type == "payments.payment_requested":
                copy = seal(open_as(envelope, EVENTS[envelope.event_type]), source=envelope.source.partition("/")[0])
                queue.insert(1, encode(copy))

    def the_gateway_goes_or_comes(self):
        if self.line.service.gateway_is_up:
            self.line.service.gateway_is_up = False
        else:
            self.line.gateway_comes_back()

    def look(self):
        PaymentRequest.objects.filter(due_at__isnull=False).update(due_at=timezone.now())
        with TestCase.captureOnCommitCallbacks(execute=True):
            return work_off()

    def come_to_rest(self):
        self.line.gateway_comes_back()
        for _ in range(100):
            self.line.deliver_all()
            if not self.look() and not self.line.waiting():
                return
        raise AssertionError("it does not come to rest")

    def check_at_any_moment(self):
        """At most one side owns a payment, and on both no more is given back than was taken, of what was set aside."""
        assert not self.ours() & self.line.service.owned
        check_books()
        for payment in self.line.service.payments.values():
            assert 0 <= payment.refunded <= payment.captured <= payment.authorised

    def ours(self):
        away = Ownership.objects.filter(owner="service").values_list("order_number", flat=True)
        return set(self.orders) - set(away)

    def check_the_end(self):
        assert not PaymentRequest.objects.filter(status__in=PaymentRequest.UNANSWERED).exists()
        assert not PaymentRequest.objects.exclude(card_token="").exists()
        service = self.line.service
        assert not service.early
        assert not service.deferred
        assert self.ours() | service.owned >= set(self.orders), "a baton is lost"
        self.check_that_both_have_the_same()
        self.check_that_money_moved_as_often_as_it_is_in_the_books()
        self.check_that_what_was_asked_was_done()

    def check_that_both_have_the_same(self):
        for number in self.line.service.epochs:
            theirs, ours = self.line.service.payments.get(number), Payment.objects.filter(order_number=number).first()
            assert (theirs is None) == (ours is None), number
            if theirs:
                names = ("status", "authorised", "captured", "refunded", "authorisation")
                assert [getattr(ours, name) for name in names] == [getattr(theirs, name) for name in names]

    def check_that_money_moved_as_often_as_it_is_in_the_books(self):
        """Every movement of either gateway is an entry here, once, and there is no other."""
        there = Counter((order, kind, amount) for kind, order, amount in self.line.service.moves)
        rows = LedgerEntry.objects.values_list("payment__order_number", "kind", "amount", "reference")
        assert len({reference for *_, reference in rows}) == len(rows)
        theirs = Counter(tuple(row[:3]) for row in rows if not self.is_of_this_side(row))
        assert theirs == there

    def is_of_this_side(self, row):
        """By the reference: those of the gateway in this process look different, but for what both call alike."""
        _, kind, _, reference = row
        if kind == "authorised":
            made_there = {(order, k) for k, order, _ in self.line.service.moves}
            return (row[0], "authorised") not in made_there
        return not reference.startswith("ref_")

    def check_that_what_was_asked_was_done(self):
        rows = {row.request: row for row in PaymentRequest.objects.all()}
        captured, refunded = Counter(), Counter()
        for wanted, outcome in self.asked:
            row = rows.get(outcome.awaited)
            if row and row.status == "refused":
                continue
            if wanted.action in {"charge", "capture"} and wanted.amount:
                captured[wanted.order_number] += wanted.amount
            if wanted.action == "refund" and wanted.amount:
                refunded[wanted.order_number] += wanted.amount
        for payment in Payment.objects.all():
            assert payment.captured >= captured[payment.order_number], "a capture is lost"
            assert payment.refunded >= refunded[payment.order_number], "a refund is lost"


@pytest.mark.django_db
@given(seed=st.integers(0, 2**32))
@settings(max_examples=6, deadline=None, database=None, phases=(Phase.generate,))
def test_money_moves_once_wherever_the_baton_is(seed):
    """Without shrinking: no seed is smaller than another."""
    note(f"seed {seed}")
    with transaction.atomic():
        Shop(random.Random(seed)).live(STEPS)
        transaction.set_rollback(True)
