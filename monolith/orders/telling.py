"""Orders as events tell them: when they happen, and told again later to whoever was not there."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from monolith.orders.events import Line, OrderCancelled, OrderEvent, OrderPlaced, OrderRefunded, OrderRejected, ShipTo
from monolith.orders.models import Order, OrderLine
from monolith.payments.selectors import last_refunds


def told(order: Order) -> dict[str, Any]:
    """What every event about it carries."""
    names = ("customer_id", "customer_name", "customer_email", "total", "currency")
    return {"order_number": order.number, **{name: getattr(order, name) for name in names}}


def placed(order: Order, lines: Iterable[OrderLine]) -> OrderPlaced:
    copied = ("subtotal", "discount", "shipping_cost", "tax", "promotion_code", "shipping_method", "placed_at")
    return OrderPlaced(
        **told(order),
        **{name: getattr(order, name) for name in copied},
        lines=[_told_line(line) for line in lines],
        ship_to=ShipTo(**order.ship_to),
    )


def cancelled(order: Order, lines: Iterable[OrderLine]) -> OrderCancelled:
    return OrderCancelled(
        **told(order),
        lines=[_told_line(line) for line in lines],
        reason=order.cancel_reason,
        cancelled_at=order.cancelled_at,
    )


def rejected(order: Order, lines: Iterable[OrderLine]) -> OrderRejected:
    return OrderRejected(
        **told(order),
        lines=[_told_line(line) for line in lines],
        code=order.cancel_code,
        reason=order.cancel_reason,
        rejected_at=order.cancelled_at,
    )


def told_again(orders: Sequence[Order]) -> Iterator[OrderEvent]:
    """What became of each, from its rows as they are now: that it was placed, and whether it was taken back.

    `orders` are some that were placed, with their lines. How far they were sent is not told: nobody who was not there
    asks for it yet.
    """
    refunds = last_refunds(order.number for order in orders if order.status == Order.Status.REFUNDED)
    for order in orders:
        lines = order.lines.all()
        yield placed(order, lines)
        if order.status == Order.Status.CANCELLED:
            yield cancelled(order, lines)
        if order.status == Order.Status.REFUNDED:
            yield OrderRefunded(**told(order), refunded_at=refunds[order.number])


def _told_line(line: OrderLine) -> Line:
    return Line(**{name: getattr(line, name) for name in Line.model_fields})
