"""Whatever happens to the stock, in whatever order: the books balance, and a plain model agrees with the tables."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from monolith.errors import NothingToShip, OutOfStock
from monolith.inventory.factories import WarehouseFactory
from monolith.inventory.models import Reservation, StockItem
from monolith.inventory.selectors import availability
from monolith.inventory.services import (
    adjust_stock,
    claim_hold,
    dispatch_transfer,
    plan_transfer,
    receive_transfer,
    release,
    release_expired,
    reserve,
    ship,
    take_back,
)
from tests.unit.monolith.inventory.books import check_events, check_levels

WAREHOUSES = ("NEAR", "FAR")
SKUS = ("CUP", "MUG")
ORDERS = ("S-1", "S-2")
CARTS = ("cart:1", "cart:2")
skus, orders, carts, places = map(st.sampled_from, (SKUS, ORDERS, CARTS, WAREHOUSES))
quantities = st.dictionaries(skus, st.integers(1, 4), min_size=1)
shares = st.fractions(0, 1)


class Stock(RuleBasedStateMachine):
    """`owned`: units per SKU that came in and haven't left; `promised`: per SKU to orders, for good."""

    on_the_way = Bundle("on_the_way")

    def __init__(self):
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.warehouses = {code: WarehouseFactory(code=code, priority=n) for n, code in enumerate(WAREHOUSES)}
        self.owned, self.travelling = Counter(), Counter()
        self.promised = {order: Counter() for order in ORDERS}

    def teardown(self):
        check_events()
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    @initialize(units=st.integers(0, 9))
    def open_the_shop(self, units):
        for sku in SKUS:
            for place in WAREHOUSES:
                self.adjust(sku, place, units)

    @rule(sku=skus, place=places, by=st.integers(-4, 12))
    def adjust(self, sku, place, by):
        item = StockItem.objects.filter(sku=sku, warehouse__code=place).first()
        try:
            adjust_stock(sku, by=by, reason="counted", warehouse=self.warehouses[place])
            self.owned[sku] += by
        except OutOfStock:
            assert by < 0
            assert item is None or item.available < -by

    @rule(cart=carts, wanted=quantities)
    def hold(self, cart, wanted):
        try:
            reserve(cart, wanted, expires_at=timezone.now() + timedelta(hours=1))
        except OutOfStock:
            self.check_short(wanted)

    @rule(order=orders, wanted=quantities)
    def order(self, order, wanted):
        try:
            assert set(reserve(order, wanted)) == set(wanted)
            self.promised[order].update(wanted)
        except OutOfStock:
            self.check_short(wanted)

    @rule(cart=carts, order=orders, wanted=quantities)
    def check_out(self, cart, order, wanted):
        try:
            claim_hold(cart, order, wanted)
            self.promised[order].update(wanted)
            assert not Reservation.objects.filter(reference=cart, status="active").exists()
        except OutOfStock:
            pass  # who else holds what is the invariants' business

    @rule(order=orders)
    def cancel(self, order):
        release(order, SKUS)
        self.promised[order].clear()

    @rule(order=orders, wanted=quantities)
    def ship(self, order, wanted):
        try:
            ship(order, wanted)
            self.owned.subtract(wanted)
            self.promised[order].subtract(wanted)
        except NothingToShip:
            assert any(self.promised[order][sku] < quantity for sku, quantity in wanted.items())

    @rule(order=orders, share=shares)
    def ship_some(self, order, share):
        """Of what is promised, so that it is seldom refused."""
        promised = self.promised[order]
        if wanted := {sku: n for sku in SKUS if (n := round(promised[sku] * share))}:
            self.ship(order, wanted)

    @rule(order=orders, place=places, wanted=quantities)
    def take_back(self, order, place, wanted):
        take_back(order, wanted, warehouse=self.warehouses[place])
        self.owned.update(wanted)

    @rule()
    def time_passes(self):
        Reservation.objects.filter(expires_at__isnull=False).update(expires_at=timezone.now() - timedelta(seconds=1))

    @rule()
    def expire(self):
        due = Reservation.objects.filter(status="active", expires_at__lte=timezone.now()).count()
        assert release_expired() == due

    @rule(target=on_the_way, place=places, wanted=quantities)
    def dispatch(self, place, wanted):
        source, destination = (self.warehouses[code] for code in sorted(WAREHOUSES, key=lambda code: code != place))
        try:
            sent = dispatch_transfer(plan_transfer(source, destination, wanted))
        except OutOfStock:
            return None
        self.travelling.update(wanted)
        return sent, wanted

    @rule(arriving=consumes(on_the_way))
    def receive(self, arriving):
        if arriving:
            receive_transfer(arriving[0])
            self.travelling.subtract(arriving[1])

    @invariant()
    def the_books_balance(self):
        check_levels()

    @invariant()
    def no_unit_appears_or_vanishes(self):
        on_hand = Counter()
        for sku, units in StockItem.objects.values_list("sku", "on_hand"):
            on_hand[sku] += units
        assert all(on_hand[sku] + self.travelling[sku] == self.owned[sku] for sku in SKUS)

    @invariant()
    def every_order_has_what_it_was_promised(self):
        active = Counter()
        for reference, sku, units in Reservation.objects.filter(status="active").values_list(
            "reference", "item__sku", "quantity"
        ):
            active[reference, sku] += units
        assert all(active[order, sku] == self.promised[order][sku] for order in ORDERS for sku in SKUS)

    def check_short(self, wanted):
        """A refusal is only right when some SKU really is short in every single warehouse."""
        left = {(item.sku, item.warehouse_id): item.available for item in StockItem.objects.all()}
        most = {sku: max((n for (its, _), n in left.items() if its == sku), default=0) for sku in wanted}
        assert any(quantity > most[sku] for sku, quantity in wanted.items()), availability(wanted)


@pytest.mark.django_db
def test_the_books_balance_after_any_sequence():
    """Without shrinking, which takes minutes on a database: a failure prints its steps, at most 20."""
    without_shrinking = (Phase.explicit, Phase.generate)
    options = settings(max_examples=15, stateful_step_count=20, deadline=None, database=None, phases=without_shrinking)
    run_state_machine_as_test(Stock, settings=options)
