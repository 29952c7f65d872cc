"""The inventory service in a few lines, as the protocol describes it, and what carries messages between the two sides.

A model for tests of the monolith's side: no database, no threads. Messages of one key arrive in order, others in any.
"""

import json
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from django.test import TestCase

from monolith.inventory.events import (
    Arriving,
    ChangeLine,
    Promise,
    StockAdjusted,
    StockChangeDone,
    StockChangeRedirected,
    StockChangeRejected,
    StockChangeRequested,
    StockDispatched,
    StockHandedOver,
    StockPlace,
    StockRecalled,
    StockReceived,
    StockReleased,
    StockReserved,
    StockReturned,
    StockShipped,
    StockTold,
    WarehouseTold,
)
from monolith.inventory.handlers import GROUP
from strangler.brokers import Delivery
from strangler.inbox.handling import GroupHandling, RetryPolicy
from strangler.inbox.incoming import read
from strangler.inbox.models import ParkedMessage
from strangler.inbox.subscriptions import subscriptions
from strangler.messaging import Envelope, Event, decode, encode, open_as, seal
from strangler.outbox.models import OutboxMessage

SOURCE = "inventory"
EVENTS = {
    kind.event_type: kind
    for kind in (StockHandedOver, StockRecalled, StockTold, StockChangeRequested, StockReserved, StockReleased)
} | {kind.event_type: kind for kind in (StockShipped, StockReturned, StockAdjusted, StockReceived)}


class Short(Exception):
    pass


@dataclass
class Service:
    """`levels` are [on_hand, reserved] by SKU and warehouse, `promises` by SKU."""

    epochs: dict[str, int] = field(default_factory=dict)
    owned: set[str] = field(default_factory=set)
    levels: dict[str, dict[str, list[int]]] = field(default_factory=lambda: defaultdict(dict))
    promises: dict[str, list[Promise]] = field(default_factory=lambda: defaultdict(list))
    warehouses: dict[str, WarehouseTold] = field(default_factory=dict)
    answers: dict[UUID, Event] = field(default_factory=dict)
    waiting: list[StockChangeRequested] = field(default_factory=list)
    said: list[Event] = field(default_factory=list)
    travelling: dict[str, list[Arriving]] = field(default_factory=lambda: defaultdict(list))
    movements: int = 1_000_000_000_000

    def hear(self, event: Event) -> list[Event]:
        """Returns what it publishes."""
        self.said = []
        match event:
            case StockHandedOver(to="service") if event.epoch > self.epochs.get(event.sku, 0):
                self.take(event)
                self.owned.add(event.sku)
                self.epochs[event.sku] = event.epoch
                waiting, self.waiting = self.waiting, []
                for request in waiting:
                    self.decide(request)
            case StockRecalled() if event.sku in self.owned and event.epoch >= self.epochs[event.sku]:
                self.owned.remove(event.sku)
                self.epochs[event.sku] += 1
                told = {"epoch": self.epochs[event.sku], "arriving": tuple(self.travelling.pop(event.sku, ()))}
                self.say(StockHandedOver, **self.state(event.sku), to="monolith", **told)
            case StockTold() if event.sku not in self.owned:
                self.take(event)
            case StockChangeRequested():
                self.decide(event)
            case (
                StockReserved() | StockReleased() | StockShipped() | StockReturned() | StockAdjusted() | StockReceived()
            ):
                if event.sku not in self.owned:
                    self.copy(event)
        return self.said

    def say(self, what: type[Event], /, **told) -> Event:
        self.said.append(what(**told))
        return self.said[-1]

    def take(self, event):
        self.warehouses |= {place.warehouse.code: place.warehouse for place in event.places}
        self.levels[event.sku] = {place.warehouse.code: [place.on_hand, place.reserved] for place in event.places}
        self.promises[event.sku] = list(event.promises)

    def copy(self, event):
        self.levels[event.sku][event.warehouse] = [event.on_hand, event.reserved]
        if isinstance(event, StockReserved):
            self.promise(event.sku, event.reference, event.warehouse, event.quantity, event.expires_at)
        elif isinstance(event, StockReleased | StockShipped):
            self.end(event.sku, event.reference, event.quantity, event.warehouse)

    def state(self, sku):
        return {
            "sku": sku,
            "places": tuple(
                StockPlace(warehouse=self.warehouses[code], on_hand=on_hand, reserved=reserved, reorder_level=5)
                for code, (on_hand, reserved) in self.levels[sku].items()
            ),
            "promises": tuple(self.promises[sku]),
        }

    def promise(self, sku, reference, code, quantity, expires_at):
        made = Promise(reference=reference, warehouse=code, quantity=quantity, expires_at=expires_at)
        self.promises[sku].append(made)

    def end(self, sku, reference, quantity, code=None):
        """So many units of what is promised, the oldest first. Returns pairs of warehouse and units."""
        ended, kept = [], []
        for each in self.promises[sku]:
            mine = each.reference == reference and code in (None, each.warehouse)
            part = min(quantity, each.quantity) if mine else 0
            quantity -= part
            if part:
                ended.append((each.warehouse, part))
            if part < each.quantity:
                kept.append(each.model_copy(update={"quantity": each.quantity - part}))
        self.promises[sku] = kept
        return ended

    # What it is asked for.

    def decide(self, request):
        if request.change in self.answers:
            self.said.append(self.answers[request.change])
            return
        strange = [line for line in request.lines if line.sku not in self.owned]
        behind = any(each.reference == request.reference for each in self.waiting)
        if behind or (strange and all(line.epoch > self.epochs.get(line.sku, 0) for line in strange)):
            self.waiting.append(request)
            return
        told = {"change": request.change, "kind": request.kind, "reference": request.reference}
        if strange:
            self.answers[request.change] = self.say(StockChangeRedirected, **told, lines=request.lines)
            return
        try:
            lines = getattr(self, request.kind)(request)
        except Short as error:
            self.answers[request.change] = self.say(StockChangeRejected, **told, lines=request.lines, reason=str(error))
            return
        done = tuple(ChangeLine(sku=sku, quantity=n, warehouse=code, epoch=0) for sku, code, n in lines)
        self.answers[request.change] = self.say(StockChangeDone, **told, lines=done)

    def reserve(self, request):
        chosen = {line.sku: self.shelf(line, request.instead_of) for line in request.lines}
        for sku in self.owned:
            held = sum(e.quantity for e in self.promises[sku] if e.reference == request.instead_of and e.expires_at)
            if held:
                self.let_go(sku, request.instead_of, held)
        for line in request.lines:
            code = chosen[line.sku]
            self.levels[line.sku][code][1] += line.quantity
            self.promise(line.sku, request.reference, code, line.quantity, request.expires_at)
            self.tell(
                StockReserved, line.sku, code, line.quantity, reference=request.reference, expires_at=request.expires_at
            )
        return [(line.sku, chosen[line.sku], line.quantity) for line in request.lines]

    def shelf(self, line, instead_of):
        held = Counter()
        for each in self.promises[line.sku]:
            held[each.warehouse] += each.quantity if each.reference == instead_of and each.expires_at else 0
        codes = sorted(self.levels[line.sku], key=lambda code: (self.warehouses[code].priority, code))
        for code in codes:
            on_hand, reserved = self.levels[line.sku][code]
            if on_hand - reserved + held[code] >= line.quantity:
                return code
        raise Short(f"Not enough in stock: {line.sku} (wanted {line.quantity}).")

    def release(self, request):
        return [
            (line.sku, code, part)
            for line in request.lines
            for code, part in self.let_go(line.sku, request.reference, line.quantity or 10**9)
        ]

    def let_go(self, sku, reference, quantity):
        ended = self.end(sku, reference, quantity)
        for code, part in ended:
            self.levels[sku][code][1] -= part
            self.tell(StockReleased, sku, code, part, reference=reference, expired=False)
        return ended

    def ship(self, request):
        for line in request.lines:
            promised = sum(e.quantity for e in self.promises[line.sku] if e.reference == request.reference)
            if promised < line.quantity:
                raise Short(f"{request.reference} has nothing reserved for {line.quantity - promised} x {line.sku}")
        shipped = []
        for line in request.lines:
            for code, part in self.end(line.sku, request.reference, line.quantity):
                self.levels[line.sku][code][1] -= part
                self.move(StockShipped, line.sku, code, -part, reference=request.reference)
                shipped.append((line.sku, code, part))
        return shipped

    def take_back(self, request):
        for line in request.lines:
            self.move(StockReturned, line.sku, self.first(line), line.quantity, reference=request.reference)
        return [(line.sku, self.first(line), line.quantity) for line in request.lines]

    def first(self, line):
        return line.warehouse or min(self.warehouses, key=lambda code: (self.warehouses[code].priority, code))

    def adjust(self, request):
        for line in request.lines:
            on_hand, reserved = self.levels[line.sku].get(line.warehouse, [0, 0])
            if on_hand + line.quantity < reserved:
                raise Short(f"{line.sku} can't be adjusted by {line.quantity}")
        for line in request.lines:
            self.move(StockAdjusted, line.sku, line.warehouse, line.quantity, reason=request.reason)
        return [(line.sku, line.warehouse, line.quantity) for line in request.lines]

    def move(self, kind, sku, code, by, **more):
        self.levels[sku].setdefault(code, [0, 0])[0] += by
        self.movements += 1
        told = by if kind is StockAdjusted else abs(by)
        self.tell(kind, sku, code, told, movement=self.movements, moved_at="2026-11-26T12:00:00Z", **more)

    # What it does of its own accord. Returns what it publishes.

    def send(self, sku, source, destination, quantity):
        self.said = []
        number = f"T-{self.movements}"
        self.move(StockDispatched, sku, source, -quantity, transfer=number, destination=destination)
        way = {"source": source, "destination": destination, "dispatched_at": "2026-11-26T12:00:00Z"}
        self.travelling[sku].append(Arriving(number=number, quantity=quantity, **way))
        return self.said

    def receive(self, sku):
        self.said = []
        each = self.travelling[sku].pop()
        self.move(StockReceived, sku, each.destination, each.quantity, transfer=each.number, source=each.source)
        return self.said

    def tell(self, kind, sku, code, quantity, **more):
        on_hand, reserved = self.levels[sku][code]
        self.say(kind, sku=sku, warehouse=code, quantity=quantity, on_hand=on_hand, reserved=reserved, **more)


@contextmanager
def committed() -> Iterator[None]:
    """What is to be done after the commit is done, and its errors are raised, in a test that never commits."""
    with TestCase.captureOnCommitCallbacks() as callbacks:
        yield
    while callbacks:
        waiting = callbacks
        with TestCase.captureOnCommitCallbacks() as callbacks:
            for callback in waiting:
                callback()


class Line:
    """Carries messages: what each side published and the other has not heard yet, a queue for each key."""

    def __init__(self) -> None:
        self.service = Service()
        self.queues: dict[tuple[str, str], deque] = defaultdict(deque)
        self.handling = GroupHandling(
            GROUP, subscriptions.of_group(GROUP), using="default", policy=RetryPolicy(3, 1e-6, 1e-6)
        )
        self.all_heard: list[Envelope] = []
        latest = OutboxMessage.objects.order_by("-position").first()
        self.position = latest.position if latest else 0
        self.collected: set[int] = set()

    def collect(self) -> None:
        """What the monolith has published goes to the service, and comes back to itself.

        A smaller position may be committed after a larger one, of another key.
        """
        rows = OutboxMessage.objects.filter(position__gt=self.position).exclude(position__in=self.collected)
        for row in rows.order_by("position"):
            self.collected.add(row.position)
            for side in ("service", "monolith"):
                if side == "service" or row.routing_key in self.handling._handlers:
                    self.queues[side, json.loads(row.payload)["partitionkey"]].append(row.payload)

    def waiting(self) -> list[tuple[str, str]]:
        self.collect()
        return sorted(place for place, queue in self.queues.items() if queue)

    def deliver(self, place: tuple[str, str], most: int = 1) -> None:
        queue = self.queues[place]
        payloads = [queue.popleft() for _ in range(min(most, len(queue)))]
        if place[0] == "service":
            for payload in payloads:
                self.to_service(payload)
        else:
            self.to_monolith(payloads)

    def deliver_all(self) -> None:
        while places := self.waiting():
            for place in places:
                self.deliver(place, most=50)

    def to_service(self, payload: str) -> None:
        envelope = decode(payload)
        if kind := EVENTS.get(envelope.event_type):
            for event in self.service.hear(open_as(envelope, kind)):
                self.post(event)

    def post(self, event: Event) -> None:
        """As published by the service."""
        envelope = seal(event, source=SOURCE)
        if event.event_type in self.handling._handlers:
            self.queues["monolith", envelope.partitionkey].append(encode(envelope))

    def tell(self, *events: Event) -> None:
        """The service has published these, and the monolith hears them together."""
        self.to_monolith([encode(seal(event, source=SOURCE)) for event in events])

    def to_monolith(self, payloads: list[str]) -> None:
        deliveries = [Delivery(payload.encode(), redelivered=False, tag=None) for payload in payloads]
        self.all_heard += map(decode, payloads)
        with committed():
            self.handling.handle([read(delivery) for delivery in deliveries])
        parked = [row.error for row in ParkedMessage.objects.all()]
        assert not parked, "\n".join(parked)
