"""An order's way to the customer, as steps to draw. Pure: no database."""

from datetime import datetime
from typing import Any, NamedTuple
from zlib import crc32


class Step(NamedTuple):
    name: str
    state: str  # done, current or coming
    at: datetime | None = None


class Progress(NamedTuple):
    headline: str
    steps: list[Step]
    expects_news: bool  # whether anything may still change without the customer's doing


HEADLINES = {
    "pending": "We have received your order and are checking stock and payment. This takes a moment.",
    "placed": "We have your order and are about to pack it.",
    "partially_shipped": "A part of your order is on its way.",
    "shipped": "Your order is on its way.",
    "delivered": "Your order is delivered. Enjoy it!",
    "completed": "Your order is completed.",
    "returned": "Everything has come back to us.",
    "cancelled": "This order is cancelled.",
    "refunded": "You have your money back.",
}
AWAITS_PAYMENT = (
    "Your goods are reserved; we are awaiting payment. The bank does not answer: retried until {until:%H:%M} UTC."
)
NEVER_PLACED = "We could not place this order."
ON_ITS_WAY = ("pending", "placed", "partially_shipped", "shipped")
ENDED_OTHERWISE = ("returned", "cancelled", "refunded")


def progress_of(order: Any, returns: list[Any]) -> Progress:
    under_way = any(returned.status == "requested" for returned in returns)
    return Progress(_headline(order), _steps(order), order.status in ON_ITS_WAY or under_way)


def _headline(order: Any) -> str:
    if order.cancel_code:
        return NEVER_PLACED
    if order.status == "pending" and order.payment_retried_until:
        return AWAITS_PAYMENT.format(until=order.payment_retried_until)
    return HEADLINES[order.status]


def _steps(order: Any) -> list[Step]:
    """Where an order ended otherwise, the steps it didn't take are left out and its end is the last one."""
    if order.cancel_code:
        return [Step("Received", "done", order.placed_at), Step("Not placed", "done", order.cancelled_at)]
    is_pending = order.status == "pending"
    steps = [
        Step("Received" if is_pending else "Placed", "done", order.placed_at),
        *([Step("Placed", "coming")] if is_pending else []),
        Step("Shipped", "done" if order.shipped_at else "coming", order.shipped_at),
        Step("Delivered", "done" if order.delivered_at else "coming", order.delivered_at),
    ]
    if order.status in ENDED_OTHERWISE:
        taken = [step for step in steps if step.state == "done"]
        return [*taken, Step(order.get_status_display(), "done", order.cancelled_at)]
    if order.status == "partially_shipped":
        steps[1] = Step("Partly shipped", "current")
    elif order.status in ON_ITS_WAY:
        following = next(place for place, step in enumerate(steps) if step.state == "coming")
        steps[following] = steps[following]._replace(state="current")
    return steps


def version_of(order: Any, shipments: list[Any], returns: list[Any], payment: Any) -> str:
    """Differs whenever the page would look different; the form's tokens, which always differ, don't count."""
    seen = (
        order.status,
        order.payment_retried_until,
        [(parcel.number, parcel.status, len(parcel.tracking.all())) for parcel in shipments],
        [(returned.number, returned.status) for returned in returns],
        payment and (payment.status, payment.captured, payment.refunded),
    )
    return f"{crc32(repr(seen).encode()):08x}"
