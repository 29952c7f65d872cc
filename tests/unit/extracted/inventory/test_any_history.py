"""Whatever is asked, moved and delivered, in whatever order: a plain model of both sides agrees with the service.

The monolith is played by a few rules: it owns or asks, hands over or recalls. Each key of each side is a queue of its
own, and what is delivered next is up to the dice. `truth` follows what the two owners tell of the stock.
"""

import json
from collections import Counter, defaultdict, deque
from contextlib import suppress
from random import Random

import pytest

from extracted.inventory import events, services
from extracted.inventory.errors import InventoryError, OutOfStock
from extracted.inventory.events import ChangeLine
from extracted.inventory.models import StockChange, Transfer, TransferLine, Warehouse
from extracted.inventory.selectors import mismatches
from strangler.inbox.models import ParkedMessage
from strangler.outbox.models import OutboxMessage
from tests.unit.extracted.inventory import factories as make
from tests.unit.extracted.inventory.books import batons, check_levels, levels, own_movements, promised
from tests.unit.extracted.inventory.conftest import handling

SKUS, PLACES, REFERENCES = ("CUP", "MUG"), ("NEAR", "FAR"), ("S-1", "S-2", "S-3")
STEPS, SEEDS = 150, 6


class Books:
    """`on_hand` by SKU and place, `promises` by reference, SKU and place."""

    def __init__(self):
        self.on_hand, self.promises = Counter(), Counter()

    def level(self, sku, place):
        return self.on_hand[sku, place], sum(n for (_, s, p), n in self.promises.items() if (s, p) == (sku, place))

    def of(self, sku):
        kept = {place: n for place, n in self.promises.items() if place[1] == sku and n}
        return {place: self.level(sku, place) for place in PLACES}, kept


class Sides:
    def __init__(self, dice):
        self.dice, self.handling, self.truth = dice, handling(), Books()
        self.epoch, self.home = dict.fromkeys(SKUS, 0), dict.fromkeys(SKUS, True)
        self.to_service, self.to_monolith = defaultdict(deque), defaultdict(deque)
        self.asked, self.answered, self.heard, self.movement = {}, {}, 0, 0
        self.moved_here, self.travelling = Counter(), Counter()
        self.arriving = defaultdict(dict)
        units = dice.randrange(10)
        for sku in SKUS:
            self.truth.on_hand |= {(sku, place): units for place in PLACES}
            self.say(make.told(*self.state(sku)))

    def live(self):
        weights = {
            self.hand_over: 3,
            self.recall: 2,
            self.change: 8,
            self.ask_again: 1,
            self.somebody_counts: 2,
            self.the_service_sends: 2,
            self.something_arrives: 2,
            self.the_service_gets_one: 6,
            self.the_service_gets_all_of_a_key: 4,
            self.the_monolith_gets_one: 6,
        }
        for step in self.dice.choices(list(weights), list(weights.values()), k=STEPS):
            step()
            self.everything_agrees()

    def settle(self):
        """All that is on its way arrives, and what it leads to."""
        while self.to_service or self.to_monolith:
            for key in sorted(self.to_service):
                self.deliver_to_service(key)
            for key in sorted(self.to_monolith):
                self.deliver_to_monolith(key)
        self.everything_agrees()

    # --- the monolith

    def hand_over(self):
        sku = self.dice.choice(SKUS)
        if self.home[sku]:
            self.home[sku], self.epoch[sku] = False, self.epoch[sku] + 1
            self.say(make.handed_over(*self.state(sku), epoch=self.epoch[sku]))

    def recall(self):
        sku = self.dice.choice(SKUS)
        if not self.home[sku]:
            self.say(make.recalled(sku, self.epoch[sku]))

    def change(self):
        """Now and then of SKUs of both sides, which the service has to send back."""
        kind, reference = self.dice.choice(["reserve", "reserve", "release", "ship"]), self.dice.choice(REFERENCES)
        lines = {sku: self.dice.randint(1, 4) for sku in self.dice.sample(SKUS, self.dice.randint(1, 2))}
        away = {sku: n for sku, n in lines.items() if not self.home[sku]}
        if not away:
            if kind == "reserve":
                self.promise_at_home(reference, lines)
            return
        quantities = dict.fromkeys(away, 0) if kind == "release" else lines if self.dice.random() < 0.2 else away
        if kind == "ship":
            promised = Counter()
            for (ref, sku, _), n in self.truth.promises.items():
                promised[sku] += n if ref == reference else 0
            quantities = {sku: min(n, promised[sku]) or n for sku, n in quantities.items()}
        told = [ChangeLine(sku=sku, quantity=n, epoch=self.epoch[sku]) for sku, n in quantities.items()]
        request = make.requested(kind, reference, *told)
        self.asked[str(request.change)] = request
        self.say(request)

    def ask_again(self):
        if self.asked:
            self.say(self.dice.choice(list(self.asked.values())))

    def somebody_counts(self):
        sku, place, by = self.dice.choice(SKUS), self.dice.choice(PLACES), self.dice.randint(-3, 6)
        if self.home[sku]:
            on_hand, reserved = self.truth.level(sku, place)
            if by and on_hand + by >= reserved:
                self.movement += 1
                self.truth.on_hand[sku, place] += by
                self.say(make.adjusted(by, (on_hand + by, reserved), self.movement, sku=sku, place=place))
            return
        owned = batons().get(sku, ("monolith", 0))[0] == "service"
        try:
            services.adjust_stock(sku, by=by, reason="counted", warehouse=place)
            assert owned, "a copy is not for changing"
        except InventoryError:
            assert not owned or by == 0 or levels()[sku, place][0] + by < levels()[sku, place][1]
        self.listen()

    def the_service_sends(self):
        """Some units to the other warehouse, of a SKU that it owns."""
        owned = [sku for sku in SKUS if batons().get(sku, ("monolith", 0))[0] == "service"]
        if owned:
            near, far = (Warehouse.objects.get(code=code) for code in PLACES)
            planned = services.plan_transfer(near, far, {sku: self.dice.randint(1, 3) for sku in owned})
            with suppress(OutOfStock):
                services.dispatch_transfer(planned)
                self.listen()

    def something_arrives(self):
        """Where it is waited for: what came home with its SKU is received by the monolith."""
        here = list(Transfer.objects.filter(status="dispatched", lines__handed_over=False).distinct())
        home = [(sku, number) for sku in SKUS if self.home[sku] for number in self.arriving[sku]]
        if not here and not home:
            return
        chosen = self.dice.choice([*here, *home])
        if isinstance(chosen, Transfer):
            services.receive_transfer(chosen)
            self.listen()
            return
        sku, number = chosen
        self.movement += 1
        told = self.arriving[sku].pop(number)
        self.travelling[sku] -= told["quantity"]
        self.truth.on_hand[sku, told["destination"]] += told["quantity"]
        level = self.truth.level(sku, told["destination"])
        event = make.moved(sku, told["destination"], told["quantity"], level, self.movement)
        self.say(events.StockReceived(**event, transfer=number, source=told["source"]))

    # --- the brokers

    def the_service_gets_one(self):
        if self.to_service:
            self.deliver_to_service(self.dice.choice(sorted(self.to_service)))

    def the_service_gets_all_of_a_key(self):
        """Together, and the last one twice."""
        if self.to_service:
            messages = self.to_service.pop(self.dice.choice(sorted(self.to_service)))
            self.handling.handle([*messages, messages[-1]])
            self.listen()

    def the_monolith_gets_one(self):
        if self.to_monolith:
            self.deliver_to_monolith(self.dice.choice(sorted(self.to_monolith)))

    # --- what must hold

    def everything_agrees(self):
        """The owner's stock is the truth; for a moment a SKU may have no owner, and never two."""
        check_levels()
        assert list(ParkedMessage.objects.values_list("error", flat=True)) == []
        table, units, owners = levels(), promised(), batons()
        assert self.travelling == self.expected(), "what is on its way is waited for once"
        for sku in SKUS:
            here = owners.get(sku, ("monolith", 0))[0] == "service"
            assert not (here and self.home[sku]), "two owners"
            if here:
                kept = {place: n for place, n in units.items() if place[1] == sku}
                assert ({place: table.get((sku, place), (0, 0)) for place in PLACES}, kept) == self.truth.of(sku)
            for place in PLACES:
                on_hand, reserved = self.truth.level(sku, place)
                assert 0 <= reserved <= on_hand, "oversold"

    def expected(self):
        """Units by SKU that somebody waits for, or that are on their way with a baton."""
        lines = TransferLine.objects.filter(transfer__status="dispatched", handed_over=False)
        units = Counter(dict.fromkeys(self.travelling, 0))
        for sku, quantity in lines.values_list("sku", "quantity"):
            units[sku] += quantity
        sent = [data for queue in self.to_monolith.values() for kind, data in queue if kind == "handed_over"]
        batons_in_the_air = [
            (data["sku"], data["arriving"]) for data in sent if data["epoch"] > self.epoch[data["sku"]]
        ]
        for sku, some in [*batons_in_the_air, *((sku, each.values()) for sku, each in self.arriving.items())]:
            units[sku] += sum(each["quantity"] for each in some)
        return units

    # --- how

    def promise_at_home(self, reference, lines):
        chosen = {}
        for sku, n in lines.items():
            free = (p for p in PLACES if self.truth.level(sku, p)[0] - self.truth.level(sku, p)[1] >= n)
            chosen[sku] = next(free, None)
        if None in chosen.values():
            return
        for sku, place in chosen.items():
            self.truth.promises[reference, sku, place] += lines[sku]
            self.say(make.reserved(reference, lines[sku], self.truth.level(sku, place), sku=sku, place=place))

    def state(self, sku):
        stock, kept = self.truth.of(sku)
        promises = [make.promise(reference, n, place) for (reference, _, place), n in kept.items()]
        return sku, stock, *promises

    def say(self, event):
        self.to_service[f"{event.aggregate_type}:{event.aggregate_id}"].append(make.message(event))

    def deliver_to_service(self, key):
        message = self.to_service[key].popleft()
        if not self.to_service[key]:
            del self.to_service[key]
        self.handling.handle([message])
        self.listen(alone=True)

    def listen(self, *, alone=False):
        """To what the service has published since; where one message led to it, ownership is that of its moment."""
        rows = OutboxMessage.objects.order_by("position").values_list("type", "payload")[self.heard :]
        for name, payload in list(rows):
            self.heard += 1
            document = json.loads(payload)
            kind, data = name.partition(".stock_")[2].removesuffix(".v1"), document["data"]
            self.follow(kind, data)
            if alone and kind == "change_done" and data["change"] not in self.answered:
                owners = {batons()[line["sku"]][0] for line in data["lines"]}
                assert owners == {"service"}, "done by who does not own it"
            if kind.startswith("change_"):
                before = self.answered.setdefault(data["change"], (kind, data))
                assert before == (kind, data), "the same answer again"
            self.to_monolith[document["partitionkey"]].append((kind, data))

    def follow(self, kind, data):
        match kind:
            case "reserved":
                self.truth.promises[data["reference"], data["sku"], data["warehouse"]] += data["quantity"]
            case "released":
                self.truth.promises[data["reference"], data["sku"], data["warehouse"]] -= data["quantity"]
            case "shipped":
                self.truth.promises[data["reference"], data["sku"], data["warehouse"]] -= data["quantity"]
                self.move(data, -data["quantity"])
            case "adjusted":
                self.move(data, data["quantity"])
            case "dispatched" | "received":
                by = data["quantity"] if kind == "received" else -data["quantity"]
                self.travelling[data["sku"]] -= by
                self.move(data, by)

    def move(self, data, by):
        self.truth.on_hand[data["sku"], data["warehouse"]] += by
        self.moved_here[data["sku"], data["warehouse"]] += by

    def deliver_to_monolith(self, key):
        kind, data = self.to_monolith[key].popleft()
        if not self.to_monolith[key]:
            del self.to_monolith[key]
        if kind == "handed_over" and data["epoch"] > self.epoch[data["sku"]]:
            sku = data["sku"]
            self.home[sku], self.epoch[sku] = True, data["epoch"]
            self.arriving[sku] |= {each["number"]: each for each in data["arriving"]}
            stock = {each["warehouse"]["code"]: (each["on_hand"], each["reserved"]) for each in data["places"]}
            kept = Counter()
            for each in data["promises"]:
                kept[each["reference"], sku, each["warehouse"]] += each["quantity"]
            assert (stock, dict(kept)) == self.truth.of(sku), "what comes home is what there is"


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(SEEDS))
def test_both_sides_agree_whatever_happens(seed):
    sides = Sides(Random(seed))
    sides.live()
    sides.settle()
    assert sides.asked.keys() == sides.answered.keys(), "each change has its answer"
    assert not StockChange.objects.filter(status="waiting").exists()
    assert not mismatches().exists(), "and both sides choose alike"
    assert Counter(own_movements()) == sides.moved_here, "the ledger explains every change of on_hand"
    assert {"change_done", "change_redirected"} <= {kind for kind, _ in sides.answered.values()}, "enough has happened"
