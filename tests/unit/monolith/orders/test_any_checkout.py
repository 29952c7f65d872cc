"""Checkouts while stock changes hands, messages come late and deadlines pass: each ends one way or the other.

In the end nobody is left hanging. Who was told that her order is placed has paid once and has the goods; who was told
that it is not has paid nothing, and nothing is kept for her.
"""

from collections import Counter
from decimal import Decimal

import pytest
from django.db import transaction
from django.test import TestCase
from django.utils import timezone
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from monolith.catalog.factories import VariantFactory
from monolith.errors import EmptyCart, IllegalTransition, OrderPending, OutOfStock, PaymentDeclined
from monolith.inventory.factories import StockItemFactory
from monolith.inventory.models import Change, Reservation, StockItem
from monolith.inventory.ownership import hand_over, recall
from monolith.inventory.pursuing import work_off
from monolith.notifications.models import Email
from monolith.orders.carts import hold
from monolith.orders.factories import CartFactory, CartItemFactory, OrderFactory
from monolith.orders.models import Order
from monolith.orders.services import cancel_order
from monolith.payments.models import Payment
from strangler.saga.models import SagaInstance
from tests.support.two_sides import TwoSides

SKUS = ("CUP", "MUG")
REFUSALS = (EmptyCart, IllegalTransition, OrderPending, OutOfStock, PaymentDeclined)
some_skus = st.sets(st.sampled_from(SKUS), min_size=1)
quantities = st.dictionaries(st.sampled_from(SKUS), st.integers(1, 4), min_size=1)
picks = st.integers(0, 10**6)
cards = st.sampled_from(["tok_visa", "tok_visa", "tok_visa", "tok_declined"])


class Checkouts(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.sides = TwoSides()
        self.carts = []

    def teardown(self):
        try:
            self.come_to_rest()
            self.check_the_end()
        finally:
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)

    @initialize(units=st.integers(3, 9), away=some_skus)
    def open_the_shop(self, units, away):
        self.variants = {sku: VariantFactory(sku=sku, price="10.00") for sku in SKUS}
        for sku in SKUS:
            StockItemFactory(sku=sku, on_hand=units)
        self.sides.give_away(*away)

    @rule(some=some_skus)
    def hand_over(self, some):
        hand_over(sorted(some))

    @rule(some=some_skus)
    def recall(self, some):
        recall(sorted(some))

    @rule(wanted=quantities, card=cards, held=st.booleans(), pay=st.sampled_from(["now", "on_shipment"]))
    def buy(self, wanted, card, held, pay):
        cart = CartFactory(items=0)
        self.carts.append(cart)
        for sku, quantity in wanted.items():
            CartItemFactory(cart=cart, variant=self.variants[sku], stock=None, quantity=quantity)
        if held:
            self.attempt(hold, cart)
        self.attempt(OrderFactory, cart=cart, card_token=card, pay=pay)

    @rule(pick=picks)
    def try_again(self, pick):
        if self.carts:
            self.attempt(OrderFactory, cart=self.carts[pick % len(self.carts)])

    @rule(pick=picks)
    def change_her_mind(self, pick):
        if orders := list(Order.objects.order_by("pk")):
            self.attempt(cancel_order, orders[pick % len(orders)], "changed her mind")

    @rule(picked=st.lists(picks, min_size=1, max_size=6), most=st.integers(1, 5))
    def deliver(self, picked, most):
        for pick in picked:
            if places := self.sides.waiting():
                self.sides.deliver(places[pick % len(places)], most=most)

    @rule()
    def everything_arrives(self):
        self.sides.deliver_all()

    @rule()
    def deadlines_pass(self):
        self.sides.pass_time()

    @invariant()
    def nothing_is_oversold(self):
        for item in StockItem.objects.all():
            assert 0 <= item.reserved <= item.on_hand
        for places in self.sides.service.levels.values():
            assert all(0 <= reserved <= on_hand for on_hand, reserved in places.values())

    def attempt(self, call, *args, **more):
        """A refusal leaves nothing behind."""
        before = Order.objects.count(), SagaInstance.objects.count(), Payment.objects.count()
        try:
            with TestCase.captureOnCommitCallbacks(execute=True), transaction.atomic():
                call(*args, **more)
        except REFUSALS:
            assert before == (Order.objects.count(), SagaInstance.objects.count(), Payment.objects.count())

    def come_to_rest(self):
        for _ in range(100):
            self.sides.deliver_all()
            Change.objects.filter(status__in=["waiting", "redirected"]).update(due_at=timezone.now())
            with TestCase.captureOnCommitCallbacks(execute=True):
                came = work_off()
            if not came and not self.sides.waiting():
                break
        for _ in range(4):
            self.sides.pass_time()
            self.sides.deliver_all()

    def check_the_end(self):
        assert set(SagaInstance.objects.values_list("status", flat=True)) <= {"completed", "compensated"}
        assert not Change.objects.filter(status__in=Change.OPEN).exists()
        for order in Order.objects.prefetch_related("lines"):
            assert order.status in {"placed", "cancelled"}, "left hanging"
            (self.has_all if order.status == "placed" else self.has_nothing)(order)
        self.check_that_both_sides_keep_the_same()

    def has_all(self, order):
        wanted = {(line.sku, line.warehouse): line.quantity for line in order.lines.all()}
        assert self.promised(order.number) == wanted
        payment = Payment.objects.get(order_number=order.number)
        assert (payment.authorised, payment.refunded) == (order.total, Decimal(0))
        assert self.letters(order)["order_confirmation"] == 1

    def has_nothing(self, order):
        assert self.promised(order.number) == {}
        paid = Payment.objects.filter(order_number=order.number)
        assert all(payment.captured == payment.refunded and not payment.capturable for payment in paid)
        assert bool(order.cancel_code) == (self.letters(order)["order_rejected"] == 1)
        assert self.letters(order)["order_cancelled"] == (0 if order.cancel_code else 1)
        assert not (order.cancel_code and self.letters(order)["order_confirmation"])

    def promised(self, number):
        active = Reservation.objects.filter(status="active", reference=number)
        return {(sku, code): n for sku, code, n in active.values_list("item__sku", "item__warehouse__code", "quantity")}

    def letters(self, order):
        return Counter(Email.objects.filter(order_number=order.number).values_list("template", flat=True))

    def check_that_both_sides_keep_the_same(self):
        for sku in self.sides.service.owned:
            here = Reservation.objects.filter(item__sku=sku, status="active")
            theirs = Counter((each.reference, each.quantity) for each in self.sides.service.promises[sku])
            assert Counter(here.values_list("reference", "quantity")) == theirs


@pytest.mark.django_db
def test_every_checkout_ends_one_way_or_the_other():
    without_shrinking = (Phase.explicit, Phase.generate)
    options = settings(max_examples=8, stateful_step_count=16, deadline=None, database=None, phases=without_shrinking)
    run_state_machine_as_test(Checkouts, settings=options)
