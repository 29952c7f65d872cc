"""After the delivery: some send goods back, and some get money back and keep them."""

from datetime import datetime
from decimal import Decimal
from random import Random

from monolith.money import ZERO, rounded
from monolith.orders.models import Order
from monolith.seeding.history import spread
from monolith.seeding.sales import Kind, Line, Sale, SentBack
from monolith.shipping.models import Return

Status = Return.Status

SENDS_BACK, REFUNDED, GOODWILL = 0.065, 0.012, 0.02
REJECTED, SENDS_ALL_BACK = 0.06, 0.5
REASONS = ("too small", "too large", "not the colour of the picture", "broken on arrival", "not needed after all")


def change_of_mind(dice: Random, sale: Sale, until: datetime) -> None:
    fate = dice.random()
    if fate < SENDS_BACK:
        _send_back(dice, sale, until)
    elif fate < SENDS_BACK + REFUNDED + GOODWILL:
        in_full = fate < SENDS_BACK + REFUNDED
        moment = sale.delivered_at + spread(dice, 10, 20 * 24)
        if moment <= until:
            sale.enter(dice, Kind.REFUNDED, sale.total if in_full else rounded(sale.total / 10), moment)
            sale.status = Order.Status.REFUNDED if in_full else sale.status


def _send_back(dice: Random, sale: Sale, until: datetime) -> None:
    requested_at = sale.delivered_at + spread(dice, 5, 13 * 24)
    closed_at = requested_at + spread(dice, 60, 9 * 24)
    if requested_at > until:
        return
    back = SentBack(
        number=f"R-{sale.number[2:].replace('-', '')}1",
        reason=dice.choice(REASONS),
        lines=_some_of(dice, sale.lines),
        requested_at=requested_at,
    )
    sale.sent_back.append(back)
    if closed_at <= until:
        back.closed_at = closed_at
        back.status = Status.REJECTED if dice.random() < REJECTED else Status.RECEIVED
    if back.status == Status.RECEIVED:
        back.refunded = sum((_share(line, quantity) for line, quantity in back.lines), ZERO)
        sale.enter(dice, Kind.REFUNDED, back.refunded, closed_at)
        if back.lines == [(line, line.quantity) for line in sale.lines]:
            sale.status = Order.Status.RETURNED


def _some_of(dice: Random, lines: list[Line]) -> list[tuple[Line, int]]:
    if dice.random() < SENDS_ALL_BACK:
        return [(line, line.quantity) for line in lines]
    line = dice.choice(lines)
    return [(line, dice.randint(1, line.quantity))]


def _share(line: Line, quantity: int) -> Decimal:
    """As shipping reckons it: the first units of a line, to the cent."""
    return rounded(line.total * quantity / line.quantity)
