"""The payments service in a few lines, as the protocol describes it, and what carries messages between the two sides.

A model for tests of the monolith's side: no database, no threads, and a gateway that may be away. Messages of one key
arrive in order, others in any.
"""

import json
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django.test import TestCase

from monolith.payments import events
from monolith.payments.events import (
    PaymentAuthorised,
    PaymentCaptured,
    PaymentEvent,
    PaymentHandedOver,
    PaymentRecalled,
    PaymentRefunded,
    PaymentRequestDeferred,
    PaymentRequestDone,
    PaymentRequested,
    PaymentRequestRedirected,
    PaymentRequestRefused,
    PaymentTold,
    PaymentVoided,
    PaymentWhole,
)
from monolith.payments.gateway import DECLINED_CARDS
from monolith.payments.handlers import GROUP
from strangler.brokers import Delivery
from strangler.inbox.handling import GroupHandling, RetryPolicy
from strangler.inbox.incoming import read
from strangler.inbox.models import ParkedMessage
from strangler.inbox.subscriptions import subscriptions
from strangler.messaging import Event, decode, encode, open_as, seal
from strangler.outbox.models import OutboxMessage

SOURCE = "payments"
EVENTS = {
    kind.event_type: kind
    for kind in vars(events).values()
    if isinstance(kind, type) and issubclass(kind, Event) and kind.__dict__.get("event_type")
}
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
ZERO = Decimal("0.00")


class Refused(Exception):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Payment:
    """As both sides know it. `told` are customer and currency."""

    order_number: str
    told: dict[str, str]
    authorised: Decimal = ZERO
    captured: Decimal = ZERO
    refunded: Decimal = ZERO
    voided: bool = False
    authorisation: str = ""

    @property
    def capturable(self) -> Decimal:
        return ZERO if self.voided or self.status == "refunded" else self.authorised - self.captured

    @property
    def status(self) -> str:
        if self.refunded and self.refunded == self.captured and (self.voided or self.captured == self.authorised):
            return "refunded"
        if self.refunded:
            return "partially_refunded"
        if self.voided:
            return "voided"
        if self.captured:
            return "captured" if self.captured == self.authorised else "partially_captured"
        return "authorised"


@dataclass
class Service:
    """`moves` is what its gateway did: kind, order and amount. `deferred` are requests that wait for the gateway."""

    epochs: dict[str, int] = field(default_factory=dict)
    owned: set[str] = field(default_factory=set)
    payments: dict[str, Payment] = field(default_factory=dict)
    answers: dict[UUID, Event] = field(default_factory=dict)
    early: list[PaymentRequested] = field(default_factory=list)
    deferred: list[PaymentRequested] = field(default_factory=list)
    moves: list[tuple[str, str, Decimal]] = field(default_factory=list)
    said: list[Event] = field(default_factory=list)
    gateway_is_up: bool = True

    def hear(self, event: Event) -> list[Event]:
        """Returns what it publishes."""
        self.said = []
        match event:
            case PaymentHandedOver(to="service") if event.epoch > self.epochs.get(event.order_number, 0):
                self.put(event)
                self.owned.add(event.order_number)
                self.epochs[event.order_number] = event.epoch
                early, self.early = self.early, []
                for request in early:
                    self.decide(request)
            case PaymentRecalled():
                self.hand_back(event)
            case PaymentTold() if event.order_number not in self.owned:
                self.put(event)
            case PaymentRequested():
                self.decide(event)
            case PaymentAuthorised() | PaymentCaptured() | PaymentRefunded() | PaymentVoided():
                if event.order_number not in self.owned:
                    self.copy(event)
        return self.said

    def copy(self, event: PaymentEvent) -> None:
        told = {name: getattr(event, name) for name in ("customer_email", "customer_name", "currency")}
        payment = self.payments.setdefault(event.order_number, Payment(event.order_number, told))
        match event:
            case PaymentAuthorised():
                payment.authorised, payment.authorisation = event.amount, event.authorisation
            case PaymentCaptured():
                payment.captured = event.captured_total
            case PaymentRefunded():
                payment.refunded = event.refunded_total
            case PaymentVoided():
                payment.voided = True
        assert payment.status == event.status, "what is told is what comes of it"

    def gateway_comes_back(self) -> list[Event]:
        self.said, self.gateway_is_up = [], True
        deferred, self.deferred = self.deferred, []
        for request in deferred:
            self.decide(request)
        return self.said

    def put(self, whole: PaymentWhole) -> None:
        told = {name: getattr(whole, name) for name in ("customer_email", "customer_name", "currency")}
        self.payments[whole.order_number] = Payment(
            whole.order_number,
            told,
            whole.authorised,
            whole.captured,
            whole.refunded,
            voided=whole.status in {"voided", "refunded"} and whole.captured < whole.authorised,
            authorisation=whole.authorisation,
        )

    def hand_back(self, event: PaymentRecalled) -> None:
        """Not while it waits for the gateway: it is asked back again."""
        number = event.order_number
        busy = any(request.order_number == number for request in self.deferred)
        if number not in self.owned or event.epoch < self.epochs[number] or busy:
            return
        self.owned.remove(number)
        self.epochs[number] += 1
        self.say(PaymentHandedOver, **self.whole(number), to="monolith", epoch=self.epochs[number])

    def whole(self, number: str) -> dict[str, Any]:
        payment = self.payments[number]
        sums = {name: getattr(payment, name) for name in ("authorised", "captured", "refunded", "authorisation")}
        return {"order_number": number, **payment.told, **sums, "status": payment.status, "created_at": NOW}

    def decide(self, request: PaymentRequested) -> None:
        number = request.order_number
        asked = {"request": request.request, "order_number": number, "action": request.action}
        if request.action in {"authorise", "charge"} and number not in self.epochs:
            self.owned.add(number)
            self.epochs[number] = request.epoch
        if request.request in self.answers:
            self.said.append(self.answers[request.request])
        elif request.epoch > self.epochs.get(number, 0) or any(e.order_number == number for e in self.early):
            self.early.append(request)
        elif number not in self.owned:
            self.answers[request.request] = self.say(PaymentRequestRedirected, **asked, epoch=self.epochs[number])
        elif not self.gateway_is_up or any(each.order_number == number for each in self.deferred):
            self.defer(request, asked)
        else:
            self.answers[request.request] = self.answer(request, asked)

    def defer(self, request: PaymentRequested, asked: dict[str, Any]) -> None:
        if request.action == "give_back":
            for given_up in [each for each in self.deferred if each.order_number == request.order_number]:
                self.deferred.remove(given_up)
                told = {"request": given_up.request, "order_number": given_up.order_number, "action": given_up.action}
                refused = self.say(PaymentRequestRefused, **told, code="gateway_unavailable", reason="given up")
                self.answers[given_up.request] = refused
            if request.order_number not in self.payments:
                self.answers[request.request] = self.answer(request, asked)
                return
        if request not in self.deferred:
            self.deferred.append(request)
        until = request.answer_by or NOW + timedelta(days=1)
        self.say(PaymentRequestDeferred, **asked, until=until, reason="the bank does not answer")

    def answer(self, request: PaymentRequested, asked: dict[str, Any]) -> Event:
        try:
            getattr(self, request.action)(request)
        except Refused as refused:
            return self.say(PaymentRequestRefused, **asked, code=refused.code, reason=f"the service says {refused}")
        payment = self.payments.get(request.order_number, Payment(request.order_number, {}))
        totals = {"captured_total": payment.captured, "refunded_total": payment.refunded}
        return self.say(PaymentRequestDone, **asked, status=payment.status, **totals)

    # What it is asked for.

    def authorise(self, request: PaymentRequested) -> None:
        if request.card_token in DECLINED_CARDS:
            raise Refused("payment_declined")
        names = ("customer_email", "customer_name", "currency")
        payment = Payment(request.order_number, {name: getattr(request, name) for name in names})
        payment.authorised, payment.authorisation = request.amount, f"auth_{uuid4().hex}"
        self.payments[request.order_number] = payment
        self.move(PaymentAuthorised, payment, request.amount, authorised_at=NOW)

    def charge(self, request: PaymentRequested) -> None:
        self.authorise(request)
        self.capture(request)

    def capture(self, request: PaymentRequested) -> None:
        payment = self.payments[request.order_number]
        amount = payment.capturable if request.amount is None else request.amount
        if not 0 < amount <= payment.capturable:
            raise Refused("capture_too_large")
        payment.captured += amount
        self.move(PaymentCaptured, payment, amount, captured_total=payment.captured, captured_at=NOW)

    def refund(self, request: PaymentRequested) -> None:
        payment = self.payments[request.order_number]
        if request.amount is None and payment.captured and payment.status != "refunded":
            self.give_back(request)
        elif request.amount is None or not 0 < request.amount <= payment.captured - payment.refunded:
            raise Refused("refund_too_large")
        else:
            self.pay_back(payment, request.amount)

    def give_back(self, request: PaymentRequested) -> None:
        payment = self.payments.get(request.order_number)
        if payment is None:
            return
        unused = payment.capturable
        if payment.captured > payment.refunded:
            self.pay_back(payment, payment.captured - payment.refunded)
        if unused:
            payment.voided = True
            self.move(PaymentVoided, payment, unused, voided_at=NOW)

    def pay_back(self, payment: Payment, amount: Decimal) -> None:
        payment.refunded += amount
        self.move(PaymentRefunded, payment, amount, refunded_total=payment.refunded, refunded_at=NOW)

    def move(self, kind: type[Event], payment: Payment, amount: Decimal, **more: Any) -> None:
        self.moves.append((kind.event_type.rpartition("_")[2], payment.order_number, amount))
        names = {"authorisation": payment.authorisation, "reference": f"ref_{uuid4().hex}", "status": payment.status}
        self.say(kind, order_number=payment.order_number, **payment.told, amount=amount, **names, **more)

    def say(self, what: type[Event], /, **told: Any) -> Event:
        self.said.append(what(**told))
        return self.said[-1]


class Line:
    """Carries messages: what each side published and a reader has not heard yet, a queue for each reader and key."""

    def __init__(self, *groups: str) -> None:
        self.service = Service()
        self.queues: dict[tuple[str, str], deque[str]] = defaultdict(deque)
        self.readers = {
            group: GroupHandling(
                group, subscriptions.of_group(group), using="default", policy=RetryPolicy(3, 1e-6, 1e-6)
            )
            for group in groups or (GROUP,)
        }
        latest = OutboxMessage.objects.order_by("-position").first()
        self.position = latest.position if latest else 0
        self.collected: set[int] = set()

    def collect(self) -> None:
        """A smaller position may be committed after a larger one, of another key."""
        rows = OutboxMessage.objects.filter(position__gt=self.position).exclude(position__in=self.collected)
        for row in rows.order_by("position"):
            self.collected.add(row.position)
            self._put(row.routing_key, json.loads(row.payload)["partitionkey"], row.payload, also_to_the_service=True)

    def post(self, said: Sequence[Event]) -> None:
        """As published by the service."""
        for event in said:
            envelope = seal(event, source=SOURCE)
            self._put(event.event_type, envelope.partitionkey, encode(envelope), also_to_the_service=False)

    def waiting(self) -> list[tuple[str, str]]:
        self.collect()
        return sorted(place for place, queue in self.queues.items() if queue)

    def deliver(self, place: tuple[str, str], most: int = 1) -> None:
        queue = self.queues[place]
        payloads = [queue.popleft() for _ in range(min(most, len(queue)))]
        if place[0] == "service":
            for payload in payloads:
                envelope = decode(payload)
                self.post(self.service.hear(open_as(envelope, EVENTS[envelope.event_type])))
        else:
            self.hear(place[0], payloads)

    def deliver_all(self) -> None:
        while places := self.waiting():
            for place in places:
                self.deliver(place, most=50)

    def hear(self, group: str, payloads: Sequence[str]) -> None:
        with TestCase.captureOnCommitCallbacks(execute=True):
            deliveries = [Delivery(payload.encode(), redelivered=False, tag=None) for payload in payloads]
            self.readers[group].handle([read(delivery) for delivery in deliveries])
        assert [row.error for row in ParkedMessage.objects.all()] == []

    def gateway_comes_back(self) -> None:
        self.post(self.service.gateway_comes_back())

    def _put(self, event_type: str, key: str, payload: str, *, also_to_the_service: bool) -> None:
        if also_to_the_service and event_type in EVENTS:
            self.queues["service", key].append(payload)
        for group, handling in self.readers.items():
            if event_type in handling._handlers:
                self.queues[group, key].append(payload)
