"""Whatever is asked, moved, answered, lost and doubled, in whatever order: no money is lost, kept or given back twice.

The monolith is played by a few rules: it owns a payment or asks, hands over or recalls. What is on its way to the
service is a queue for each payment; the gateway does what it is asked, and tells it, or does not.
"""

from collections import Counter, defaultdict, deque
from datetime import timedelta
from decimal import Decimal
from random import Random
from uuid import uuid4

import pytest
from django.utils import timezone

from devstack.gateway.bank import Bank
from extracted.payments import calls, deferring
from extracted.payments.domain.deciding import Denied, Succeeded
from extracted.payments.gateway import Unavailable
from extracted.payments.models import CircuitBreaker, GatewayCall, PaymentRequest
from strangler.inbox.models import ParkedMessage
from tests.unit.extracted.payments import factories as make
from tests.unit.extracted.payments.books import batons, check_books, check_ledger, enter_all, published, sums
from tests.unit.extracted.payments.conftest import handling

ORDERS = ("S-1", "S-2", "S-3")
STEPS, SEEDS = 60, 3
ANSWERS = {"payment_request_done", "payment_request_refused", "payment_request_redirected"}
MOMENT = make.AT


class World:
    def __init__(self, dice):
        self.dice, self.handling, self.bank = dice, handling(), Bank()
        self.epoch, self.home = dict.fromkeys(ORDERS, 0), dict.fromkeys(ORDERS, True)
        self.at_home: dict[str, list[Decimal]] = {}
        self.authorisation: dict[str, str] = {}
        self.waiting, self.asked, self.heard = defaultdict(deque), {}, 0

    def live(self):
        weights = {
            self.pay_at_home: 2,
            self.hand_over: 3,
            self.recall: 2,
            self.ask: 10,
            self.ask_again: 2,
            self.deliver_one: 12,
            self.deliver_all_of_one: 4,
            self.gateway_answers: 12,
            self.time_is_up: 2,
        }
        for step in self.dice.choices(list(weights), list(weights.values()), k=STEPS):
            step()
            self.everything_agrees()

    def settle(self):
        """All that is on its way arrives, and the gateway does what it is asked and says so."""
        for _ in range(60):
            for order in list(self.waiting):
                self.deliver_all(order)
            if not GatewayCall.objects.filter(status="due").exists() and not self.waiting:
                break
            self.gateway_answers(well=True)
        self.everything_agrees()

    # --- the monolith

    def pay_at_home(self):
        order = self.dice.choice(ORDERS)
        if order in self.authorisation or not self.home[order] or self.epoch[order]:
            return
        amount = Decimal(self.dice.randint(10, 100))
        _, answer = self.bank.do(str(uuid4()), "authorise", "", body(amount, "tok_visa"), decline=False)
        self.authorisation[order] = answer["id"]
        self.at_home[order] = [amount, Decimal(0), Decimal(0)]
        self.say(make.authorised(order, amount, authorisation=answer["id"]))

    def hand_over(self):
        order = self.dice.choice(ORDERS)
        if self.home[order] and order in self.authorisation:
            self.home[order], self.epoch[order] = False, self.epoch[order] + 1
            known = make.whole(order, self.at_home[order], self.standing(order))
            told = {**known, "authorisation": self.authorisation[order]}
            self.say(make.events.PaymentHandedOver(**told, to="service", epoch=self.epoch[order]))

    def recall(self):
        order = self.dice.choice(ORDERS)
        if not self.home[order]:
            self.say(make.recalled(order, self.epoch[order]))

    def ask(self):
        order = self.dice.choice(ORDERS)
        if self.home[order] and order not in self.authorisation and not self.epoch[order]:
            self.home[order], self.epoch[order] = False, 1
            late = timezone.now() + timedelta(hours=1)
            asked = make.requested(self.dice.choice(["charge", "authorise"]), order, self.amount(), answer_by=late)
        elif self.home[order]:
            return
        else:
            action = self.dice.choice(["capture", "capture", "refund", "give_back", "charge"])
            amount = self.dice.choice([None, self.amount()]) if action in {"capture", "refund"} else None
            late = self.dice.choice([None, timezone.now() + timedelta(hours=1)])
            asked = make.requested(action, order, amount, epoch=self.epoch[order], answer_by=late)
        self.asked[str(asked.request)] = asked
        self.say(asked)

    def ask_again(self):
        if self.asked:
            self.say(self.dice.choice(list(self.asked.values())))

    # --- the broker

    def deliver_one(self):
        if self.waiting:
            order = self.dice.choice(sorted(self.waiting))
            self.handle([self.waiting[order].popleft()])
            if not self.waiting[order]:
                del self.waiting[order]

    def deliver_all_of_one(self):
        if self.waiting:
            self.deliver_all(self.dice.choice(sorted(self.waiting)), twice=True)

    # --- the gateway, and the clock

    def gateway_answers(self, *, well=False):
        CircuitBreaker.objects.update(failures=0, open_until=None)
        GatewayCall.objects.filter(status="due").update(due_at=MOMENT)
        for call in calls.claim(3 if well else 1):
            mood = "well" if well else self.dice.choice(["well", "well", "twice", "away", "lost", "lost"])
            outcome = Unavailable("503") if mood == "away" else self.ask_the_bank(call)
            if mood == "lost":
                outcome = Unavailable("nobody waited for the answer")
            for _ in range(2 if mood == "twice" else 1):
                calls.settle(call, outcome)
        self.listen()

    def ask_the_bank(self, call):
        told = body(call.amount, "tok_declined" if call.amount % 10 == 7 else "tok_visa")
        status, answer = self.bank.do(str(call.call), call.kind, call.authorisation, told, decline=False)
        return Succeeded(answer["id"], MOMENT) if status == 201 else Denied(answer["reason"])

    def time_is_up(self):
        open_ones = list(PaymentRequest.objects.filter(answered_at=None))
        if open_ones:
            late = self.dice.choice(open_ones)
            PaymentRequest.objects.filter(pk=late.pk).update(answer_by=timezone.now() - timedelta(seconds=1))
            deferring.refuse_overdue()
            self.listen()

    # --- what must hold

    def everything_agrees(self):
        check_books()
        assert list(ParkedMessage.objects.values_list("error", flat=True)) == []
        for order in ORDERS:
            here = batons().get(order, ("monolith", 0))[0] == "service"
            assert not (here and self.home[order]), "two owners"

    def nothing_is_lost(self):
        """Once all is settled: what the bank has is what the streams say; everybody has one answer."""
        for order, amounts in self.books_of_the_bank().items():
            assert sums(order)[1:] == amounts, f"{order}: the bank has {amounts}"
        said = defaultdict(set)
        for name, data in published(*ANSWERS):
            said[data["request"]].add(name)
        left = {str(row.request) for row in PaymentRequest.objects.filter(status="waiting")}
        assert {request for request, names in said.items() if len(names) > 1} == set()
        assert said.keys() | left == self.asked.keys()
        for order in ORDERS:
            asked = {str(request) for request, each in self.asked.items() if each.order_number == order}
            made = {each for each in asked if self.asked[each].action in {"charge", "authorise"}}
            if made and order not in self.at_home and all(said[each] == {"payment_request_refused"} for each in made):
                _, authorised, captured, refunded, released = sums(order)
                assert Decimal(authorised) - Decimal(captured) == Decimal(released), "nothing is set aside"
                assert captured == refunded, "nothing is kept"
        enter_all()
        check_ledger()

    def books_of_the_bank(self):
        """By order: authorised, captured, refunded, voided; of those that this run's streams tell of."""
        order_of = dict(
            GatewayCall.objects.filter(kind="authorise", status="done").values_list("reference", "order_number")
        )
        order_of |= {authorisation: order for order, authorisation in self.authorisation.items()}
        books = defaultdict(Counter)
        for each in self.bank.movements:
            books[order_of[each["authorisation"]]][each["kind"]] += Decimal(each["amount"])
        kinds = ("authorise", "capture", "refund", "void")
        return {order: tuple(f"{found[kind]:.2f}" for kind in kinds) for order, found in books.items()}

    # --- how

    def say(self, event):
        self.waiting[event.order_number].append(make.message(event))

    def deliver_all(self, order, *, twice=False):
        messages = list(self.waiting.pop(order))
        self.handle([*messages, *messages[-1:]] if twice else messages)

    def handle(self, messages):
        self.handling.handle(messages)
        self.listen()

    def listen(self):
        """What the service hands back is the monolith's again."""
        told = published("payment_handed_over")
        for _, data in told[self.heard :]:
            order = data["order_number"]
            self.home[order], self.epoch[order] = True, data["epoch"]
            if data["status"]:
                self.at_home[order] = [Decimal(data[name]) for name in ("authorised", "captured", "refunded")]
                self.authorisation[order] = data["authorisation"]
        self.heard = len(told)

    def amount(self):
        return Decimal(self.dice.randint(1, 100))

    def standing(self, order):
        """What the monolith would say of it; a payment that came back keeps the status that came with it."""
        back = [data for _, data in published("payment_handed_over") if data["order_number"] == order]
        return back[-1]["status"] if back else "authorised"


def body(amount, card_token):
    return {"amount": str(amount), "currency": "EUR", "card_token": card_token}


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_money_is_lost_kept_or_given_back_twice(seed):
    world = World(Random(seed))
    world.live()
    world.settle()
    world.nothing_is_lost()
