"""Whatever happens in the shop and however its events come: the read model counts what the monolith's joins count.

To the cent and to the digit, once everything on its way has come. What is on its way may come in any order, in any
batches, twice, after the inbox has forgotten it, and mixed with a backfill that tells the same again.
"""

from contextlib import suppress
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from monolith.errors import ShopError
from monolith.orders.factories import PromotionFactory
from tests.unit.extracted.reporting_beside.shop import BACKFILLS, PRICES, Shop

IN_EURO = [sku for sku, (_, currency) in PRICES.items() if currency == "EUR"]
baskets = st.one_of(
    st.dictionaries(st.sampled_from(IN_EURO), st.integers(1, 3), min_size=1), st.just({"BOOK": 1}), st.just({"BOOK": 2})
)
people = st.integers(0, 2)
some_order = st.integers(0, 10**6)


class History(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.shop = Shop()
        self.code = PromotionFactory(code="SAVE").code

    @initialize(quantities=st.lists(st.integers(1, 3), min_size=3, max_size=3))
    def begin(self, quantities):
        """What was there before the first event is told by the backfill alone; then the shop begins to sell."""
        for what in BACKFILLS:
            self.shop.backfill(what)
        for customer, quantity in enumerate(quantities):
            self.shop.buy(customer, {"MUG": quantity, "CUP": 1}, self.code)

    def teardown(self):
        try:
            self.everything_has_come()
        finally:
            self.shop.close()
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)

    @rule(customer=people, basket=baskets, cheaper=st.booleans())
    def buy(self, customer, basket, cheaper):
        self.try_it(self.shop.buy, customer, basket, self.code if cheaper else "")

    @precondition(lambda self: self.shop.orders)
    @rule(which=some_order)
    def cancel(self, which):
        self.try_with(self.shop.cancel, which)

    @precondition(lambda self: self.shop.orders)
    @rule(which=some_order, share=st.sampled_from([Decimal("0.3"), Decimal(1)]))
    def refund(self, which, share):
        self.try_with(self.shop.refund, which, share)

    @precondition(lambda self: self.shop.orders)
    @rule(which=some_order)
    def send(self, which):
        self.try_with(self.shop.send, which)

    @precondition(lambda self: self.shop.orders)
    @rule(which=some_order)
    def take_back(self, which):
        self.try_with(self.shop.take_back, which)

    @rule(sku=st.sampled_from(list(PRICES)), by=st.integers(-3, 5))
    def count_stock(self, sku, by):
        self.try_it(self.shop.count_stock, sku, by)

    @rule(customer=people, name=st.sampled_from(["Ada", "Bob", "Eve"]))
    def rename(self, customer, name):
        self.shop.rename(customer, name)

    @rule(days=st.sampled_from([0.4, 1, 13, 31]))
    def wait(self, days):
        self.shop.wait(days=days)

    @rule(what=st.sampled_from(BACKFILLS))
    def backfill(self, what):
        self.shop.backfill(what)

    @rule(places=st.lists(some_order, max_size=4))
    def again(self, places):
        self.shop.again(places)

    @rule(data=st.data(), batch=st.sampled_from([1, 3, 50]), forget=st.booleans())
    def deliver_some(self, data, batch, forget):
        order = data.draw(st.permutations(range(len(self.shop.pending))))
        count = data.draw(st.integers(0, len(order)))
        if forget:
            self.shop.forget_what_was_handled()
        self.shop.deliver(order[:count], batch)

    @rule()
    def everything_has_come(self):
        self.shop.catch_up()
        self.shop.compare()

    def try_with(self, use_case, which, *more):
        self.try_it(use_case, which % len(self.shop.orders), *more)

    def try_it(self, use_case, *arguments):
        """The shop refuses what can't be: then nothing has happened."""
        with suppress(ShopError), transaction.atomic():
            use_case(*arguments)


@pytest.mark.django_db
def test_the_figures_are_the_monoliths_after_any_history():
    run_state_machine_as_test(
        History,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
