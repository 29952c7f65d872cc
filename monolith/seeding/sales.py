"""An order and all that belongs to it, as plain data: made up first, then copied into the tables of six contexts."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import NamedTuple

from monolith.inventory.models import Reservation
from monolith.money import ZERO
from monolith.orders.models import Order
from monolith.orders.pricing import PricedLine
from monolith.payments.models import LedgerEntry
from monolith.seeding.shop import Buyer, Destination, Place, Ware
from monolith.shipping.models import Return, Shipment

Kind = LedgerEntry.Kind
PREFIXES = {Kind.AUTHORISED: "auth", Kind.CAPTURED: "capt", Kind.REFUNDED: "refd", Kind.VOIDED: "void"}


@dataclass(slots=True)
class Line:
    ware: Ware
    place: Place
    quantity: int
    unit_price: Decimal
    discount: Decimal = ZERO
    tax_rate: Decimal = ZERO
    tax: Decimal = ZERO
    promise: str = Reservation.Status.ACTIVE
    id: int = 0
    reservation_id: int = 0

    @property
    def priced(self) -> PricedLine:
        return PricedLine(self.ware.sku, self.quantity, self.unit_price, self.ware.tax_class)

    @property
    def total(self) -> Decimal:
        """What the customer pays for it, tax included."""
        return self.unit_price * self.quantity - self.discount + self.tax


class Entry(NamedTuple):
    """One line of the payment's ledger."""

    kind: str
    amount: Decimal
    at: datetime
    reference: str


class Report(NamedTuple):
    """What the carrier said."""

    status: str
    place: str
    at: datetime


@dataclass(slots=True)
class Parcel:
    number: str
    warehouse: str
    lines: list[Line]
    packed_at: datetime
    status: str = Shipment.Status.PACKED
    carrier: str = ""
    tracking_number: str = ""
    dispatched_at: datetime | None = None
    delivered_at: datetime | None = None
    reports: list[Report] = field(default_factory=list)
    id: int = 0


@dataclass(slots=True)
class SentBack:
    number: str
    reason: str
    lines: list[tuple[Line, int]]
    requested_at: datetime
    status: str = Return.Status.REQUESTED
    refunded: Decimal = ZERO
    closed_at: datetime | None = None
    id: int = 0


@dataclass(slots=True)
class Sale:
    number: str
    placed_at: datetime
    buyer: Buyer
    destination: Destination
    method: str
    lines: list[Line]
    promotion_code: str = ""
    subtotal: Decimal = ZERO
    discount: Decimal = ZERO
    shipping_cost: Decimal = ZERO
    tax: Decimal = ZERO
    total: Decimal = ZERO
    status: str = Order.Status.PLACED
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancel_reason: str = ""
    entries: list[Entry] = field(default_factory=list)
    parcels: list[Parcel] = field(default_factory=list)
    sent_back: list[SentBack] = field(default_factory=list)
    id: int = 0
    payment_id: int = 0

    def enter(self, dice: Random, kind: str, amount: Decimal, at: datetime) -> None:
        """Into the ledger, with a reference as the gateway gives them out."""
        self.entries.append(Entry(kind, amount, at, f"{PREFIXES[kind]}_{dice.getrandbits(128):032x}"))

    def sum_of(self, kind: str) -> Decimal:
        return sum((entry.amount for entry in self.entries if entry.kind == kind), ZERO)

    @property
    def capturable(self) -> Decimal:
        return self.total - self.sum_of(Kind.CAPTURED)

    def unpacked(self) -> Iterator[Line]:
        return (line for line in self.lines if line.promise == Reservation.Status.ACTIVE)

    def goods_back(self) -> Iterator[tuple[SentBack, Line, int]]:
        """What was received, not what is on its way."""
        for sent_back in self.sent_back:
            if sent_back.status == Return.Status.RECEIVED:
                yield from ((sent_back, line, quantity) for line, quantity in sent_back.lines)
