"""The monolith's side beside a model of the service: a baton that comes and goes while changes are asked for.

Messages of one key arrive in order, others in any, some answers twice. In the end each change was done exactly once or
rejected, nothing is oversold, no promise lost, and both sides have the same.
"""

import random
from collections import Counter, defaultdict
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import Phase, given, note, settings
from hypothesis import strategies as st

from monolith.errors import NothingToShip, OutOfStock
from monolith.inventory.factories import WarehouseFactory
from monolith.inventory.models import Change, Ownership, Reservation, StockItem, StockMovement, Transfer
from monolith.inventory.ownership import hand_over, recall
from monolith.inventory.pursuing import work_off
from monolith.inventory.services import adjust_stock, receive_transfer, request
from strangler.messaging import decode, encode, open_as, seal
from tests.unit.monolith.inventory.other_side import SOURCE, Line, committed

SKUS = ("CUP", "MUG", "POT")
STEPS = 70


class Shop:
    """Both sides and the line between them. `log`: what was wanted, in order: kind, reference, quantities, outcome."""

    def __init__(self, dice):
        self.dice = dice
        self.places = {code: WarehouseFactory(code=code, priority=n) for n, code in enumerate(("NEAR", "FAR"))}
        self.line = Line()
        self.log = []
        self.orders = {}
        self.units = Counter()
        for sku in SKUS:
            for place in self.places.values():
                units = dice.randint(2, 14)
                adjust_stock(sku, by=units, reason="opening", warehouse=place)
                self.units[sku] += units

    def live(self, steps):
        actions = {
            self.hand_over: 4,
            self.recall: 4,
            self.order: 8,
            self.cancel: 3,
            self.ship: 4,
            self.take_back: 1,
            self.adjust: 2,
            self.the_service_sends: 2,
            self.something_arrives: 2,
            self.deliver: 16,
            self.everything_arrives: 1,
            self.an_answer_comes_twice: 2,
            self.look: 1,
        }
        for action in self.dice.choices(list(actions), list(actions.values()), k=steps):
            action()
            self.check_at_any_moment()
        self.come_to_rest()
        while Transfer.objects.filter(status="dispatched").exists() or any(self.line.service.travelling.values()):
            self.something_arrives()
        self.come_to_rest()
        self.check_the_end()

    def hand_over(self):
        hand_over(self.some())

    def recall(self):
        recall(self.some())

    def order(self):
        """Of some the cart held everything before."""
        reference = f"S-{len(self.orders)}"
        wanted = self.orders[reference] = {sku: self.dice.choice((1, 1, 2, 3, 9)) for sku in self.some()}
        if self.dice.random() < 0.3:
            until = timezone.now() + timedelta(hours=1)
            self.want("reserve", f"cart:{reference}", wanted, expires_at=until)
        self.want("reserve", reference, wanted, instead_of=f"cart:{reference}")

    def cancel(self):
        if self.orders:
            self.want("release", self.dice.choice(list(self.orders)), dict.fromkeys(SKUS, 0))

    def ship(self):
        if self.orders:
            reference = self.dice.choice(list(self.orders)[-4:])
            most = self.dice.choice((1, 9))
            wanted = {sku: min(most, units) for sku, units in self.orders[reference].items()}
            self.want("ship", reference, wanted)

    def take_back(self):
        if self.orders:
            wanted = dict.fromkeys(self.some(), 1)
            self.want("take_back", self.dice.choice(list(self.orders)), wanted, warehouse=self.places["FAR"])

    def adjust(self):
        wanted = {sku: self.dice.choice((-4, -1, 2, 5)) for sku in self.some()}
        self.want("adjust", f"adjust:{len(self.log)}", wanted, warehouse=self.places["NEAR"], reason="counted")

    def the_service_sends(self):
        """Units that nobody has reserved, of a SKU that it owns, to the other warehouse."""
        for sku in sorted(self.line.service.owned):
            on_hand, reserved = self.line.service.levels[sku].get("NEAR", (0, 0))
            if on_hand > reserved:
                for event in self.line.service.send(sku, "NEAR", "FAR", 1):
                    self.line.post(event)

    def something_arrives(self):
        """On one of the sides. What came home with its SKU, the monolith receives whoever owns that by then."""
        here = list(Transfer.objects.filter(status="dispatched"))
        there = sorted(sku for sku in self.line.service.owned if self.line.service.travelling[sku])
        if here or there:
            chosen = self.dice.choice([*here, *there])
            if isinstance(chosen, Transfer):
                with committed():
                    receive_transfer(chosen)
            else:
                for event in self.line.service.receive(chosen):
                    self.line.post(event)

    def deliver(self):
        if places := self.line.waiting():
            self.line.deliver(self.dice.choice(places), most=self.dice.choice((1, 2, 9)))

    def everything_arrives(self):
        self.line.deliver_all()

    def an_answer_comes_twice(self):
        """With a number of its own, so that the inbox does not see it."""
        places = [place for place in self.line.waiting() if place[0] == "monolith" and "stock_change:" in place[1]]
        if places:
            queue = self.line.queues[self.dice.choice(places)]
            envelope = decode(queue[0])
            if envelope.source == f"{SOURCE}/inventory":
                kind = self.line.handling._handlers[envelope.event_type].event_class
                queue.insert(1, encode(seal(open_as(envelope, kind), source=SOURCE)))

    def some(self):
        return sorted(self.dice.sample(SKUS, self.dice.choice((1, 1, 2, 3))))

    def check_at_any_moment(self):
        """At most one side owns a SKU, nothing is oversold, and what is reserved are the promises."""
        assert not self.ours() & self.line.service.owned
        promised = Counter()
        for item, units in Reservation.objects.filter(status="active").values_list("item", "quantity"):
            promised[item] += units
        for item in StockItem.objects.all():
            assert 0 <= item.reserved <= item.on_hand
            assert item.reserved == promised[item.pk]
        for sku, places in self.line.service.levels.items():
            for code, (on_hand, reserved) in places.items():
                mine = sum(each.quantity for each in self.line.service.promises[sku] if each.warehouse == code)
                assert 0 <= reserved <= on_hand
                assert reserved == mine

    def ours(self):
        return set(SKUS) - set(Ownership.objects.filter(owner="service").values_list("sku", flat=True))

    def want(self, kind, reference, wanted, **more):
        try:
            with committed():
                outcome = request(kind, reference, wanted, **more)
        except (OutOfStock, NothingToShip):
            outcome = None
        self.log.append((kind, reference, wanted, outcome))

    def look(self):
        Change.objects.filter(status__in=["waiting", "redirected"]).update(due_at=timezone.now())
        with committed():
            return work_off()

    def come_to_rest(self):
        for _ in range(100):
            self.line.deliver_all()
            if not self.look() and not self.line.waiting():
                return
        raise AssertionError("it does not come to rest")

    def check_the_end(self):
        assert not Change.objects.filter(status__in=Change.OPEN).exists()
        assert not self.line.service.waiting
        assert self.ours() | self.line.service.owned == set(SKUS), "a baton is lost"
        self.check_that_each_was_done_once()
        self.check_that_both_have_the_same()

    def check_that_each_was_done_once(self):
        on_hand, promised = Counter(self.units), defaultdict(Counter)
        for kind, reference, wanted, outcome in self.log:
            done = set() if outcome is None else self.done(outcome, wanted)
            for sku in done:
                if kind in {"take_back", "adjust"}:
                    on_hand[sku] += wanted[sku]
                elif kind == "ship":
                    on_hand[sku] -= wanted[sku]
                    promised[reference][sku] -= wanted[sku]
                elif kind == "release":
                    promised[reference][sku] = 0
                else:
                    promised[reference][sku] += wanted[sku]
        there = Counter()
        for sku, units in StockItem.objects.values_list("sku", "on_hand"):
            there[sku] += units
        assert there == on_hand
        assert self.promised_to_orders() == {
            (reference, sku): units for reference in self.orders for sku, units in promised[reference].items() if units
        }

    def done(self, outcome, wanted):
        """The SKUs of which it was done. A reservation is done for all or none."""
        change = Change.objects.filter(change=outcome.change).first()
        if change is None:
            return set(wanted)
        if change.kind == "reserve":
            return set(wanted) if change.status == "done" else set()
        return {line["sku"] for line in change.lines if line["done"]}

    def promised_to_orders(self):
        active = Reservation.objects.filter(status="active", reference__startswith="S-")
        promised = Counter()
        for reference, sku, units in active.values_list("reference", "item__sku", "quantity"):
            promised[reference, sku] += units
        return dict(promised)

    def check_that_both_have_the_same(self):
        for item in StockItem.objects.select_related("warehouse"):
            theirs = self.line.service.levels[item.sku].get(item.warehouse.code)
            if theirs is None:
                assert item.sku not in self.line.service.epochs or (item.on_hand, item.reserved) == (0, 0)
            else:
                assert [item.on_hand, item.reserved] == theirs
        for sku in self.line.service.epochs:
            here = Reservation.objects.filter(item__sku=sku, status="active")
            mine = Counter(here.values_list("reference", "item__warehouse__code", "quantity"))
            assert mine == Counter((e.reference, e.warehouse, e.quantity) for e in self.line.service.promises[sku])
        for item in StockItem.objects.all():
            assert item.on_hand == sum(StockMovement.objects.filter(item=item).values_list("quantity", flat=True))


@pytest.mark.django_db
@given(seed=st.integers(0, 2**32))
@settings(max_examples=6, deadline=None, database=None, phases=(Phase.generate,))
def test_each_change_is_done_once_wherever_the_baton_is(seed):
    """Without shrinking: no seed is smaller than another."""
    note(f"seed {seed}")
    with transaction.atomic():
        Shop(random.Random(seed)).live(STEPS)
        transaction.set_rollback(True)
