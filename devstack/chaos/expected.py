"""What the acknowledged writes must have led to, by the log alone: events, e-mails, books, stock."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from devstack.chaos.writes import ACKNOWLEDGED, CANCEL, ORDER, REFUND, RESTOCK, Write

ZERO = Decimal("0.00")
PLACED, CANCELLED, REFUNDED = "orders.order_placed", "orders.order_cancelled", "orders.order_refunded"
AUTHORISED, CAPTURED = "payments.payment_authorised", "payments.payment_captured"
GIVEN_BACK, VOIDED = "payments.payment_refunded", "payments.payment_voided"
RESERVED, RELEASED = "inventory.stock_reserved", "inventory.stock_released"
ADJUSTED = "inventory.stock_adjusted"
TEMPLATES = {
    PLACED: "order_confirmation",
    CAPTURED: "payment_receipt",
    CANCELLED: "order_cancelled",
    GIVEN_BACK: "refund",
}


class Fact(NamedTuple):
    """One event: `figure` is the amount of a payment, the quantity of a change of stock."""

    type: str
    key: str
    figure: Decimal | None = None


@dataclass
class Order:
    email: str
    total: Decimal
    lines: dict[str, int]
    captured: Decimal = ZERO
    refunded: Decimal = ZERO
    status: str = "placed"


@dataclass
class Expected:
    """`of_write` by correlation id. `history`: facts in the order they must be handled in, by type's owner and key."""

    orders: dict[str, Order] = field(default_factory=dict)
    of_write: dict[str, list[Fact]] = field(default_factory=dict)
    history: dict[tuple[str, str], list[Fact]] = field(default_factory=lambda: defaultdict(list))
    mails: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    restocked: Counter[str] = field(default_factory=Counter)

    @property
    def facts(self) -> int:
        return sum(map(len, self.of_write.values()))

    def reserved(self) -> Counter[str]:
        """Units promised to orders that are still to be fulfilled, by SKU."""
        promised: Counter[str] = Counter()
        for order in self.orders.values():
            if order.status == "placed":
                promised.update(order.lines)
        return promised


def expect(writes: Sequence[Write]) -> Expected:
    """Raises KeyError where the log contradicts itself: an order that was never placed is cancelled."""
    expected = Expected()
    for write in writes:
        if write.state == ACKNOWLEDGED:
            facts = list(_HAPPENS[write.what](expected, write))
            expected.of_write[write.id] = facts
            for fact in facts:
                expected.history[fact.type.partition(".")[0], fact.key].append(fact)
                if fact.type in TEMPLATES:
                    order = expected.orders[fact.key]
                    expected.mails[fact.key, TEMPLATES[fact.type], order.email] += 1
    return expected


def _placed(expected: Expected, write: Write) -> Iterable[Fact]:
    number, total = write.answer["number"], Decimal(write.answer["total"])
    order = expected.orders[number] = Order(write.about["email"], total, write.answer["lines"])
    yield from (Fact(RESERVED, sku, Decimal(quantity)) for sku, quantity in order.lines.items())
    yield Fact(PLACED, number)
    yield Fact(AUTHORISED, number, total)
    if write.about["pay"] == "now":
        order.captured = total
        yield Fact(CAPTURED, number, total)


def _cancelled(expected: Expected, write: Write) -> Iterable[Fact]:
    number = write.about["order"]
    order = expected.orders[number]
    yield from _closed(number, order)
    order.status = "cancelled"
    yield Fact(CANCELLED, number)


def _refunded(expected: Expected, write: Write) -> Iterable[Fact]:
    number = write.about["order"]
    order = expected.orders[number]
    amount = Decimal(write.about["amount"]) if "amount" in write.about else order.captured - order.refunded
    if order.refunded + amount < order.captured:
        order.refunded += amount
        yield Fact(GIVEN_BACK, number, amount)
        return
    yield from _closed(number, order)
    order.status = "refunded"
    yield Fact(REFUNDED, number)


def _closed(number: str, order: Order) -> Iterable[Fact]:
    """Nothing more is taken, everything goes back to where it came from."""
    unused, left = order.total - order.captured, order.captured - order.refunded
    if left:
        order.refunded = order.captured
        yield Fact(GIVEN_BACK, number, left)
    if unused:
        yield Fact(VOIDED, number, unused)
    yield from (Fact(RELEASED, sku, Decimal(quantity)) for sku, quantity in order.lines.items())


def _restocked(expected: Expected, write: Write) -> Iterable[Fact]:
    sku, by = write.about["sku"], write.about["by"]
    expected.restocked[sku] += by
    yield Fact(ADJUSTED, sku, Decimal(by))


_HAPPENS = {ORDER: _placed, CANCEL: _cancelled, REFUND: _refunded, RESTOCK: _restocked}
