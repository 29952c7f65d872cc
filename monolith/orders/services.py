from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from monolith.errors import OrderPending
from monolith.inventory import services as inventory
from monolith.notifications import services as notifications
from monolith.orders import awaiting, promotions, telling
from monolith.orders.carts import (
    add_to_cart,
    apply_promotion,
    cart_of,
    change_quantity,
    hold,
    remove_from_cart,
    remove_promotion,
    units_left,
)
from monolith.orders.checkouts import checkout
from monolith.orders.events import OrderDelivered, OrderReturned, OrderShipped
from monolith.orders.models import Order
from monolith.orders.moves import locked_order, move
from monolith.orders.telling import told
from monolith.payments import services as payments
from strangler.outbox import publish

__all__ = [
    "add_to_cart",
    "apply_promotion",
    "cancel_order",
    "cart_of",
    "change_quantity",
    "checkout",
    "hold",
    "record_delivery",
    "record_return",
    "record_shipment",
    "refund_order",
    "remove_from_cart",
    "remove_promotion",
    "units_left",
]

Status = Order.Status


@transaction.atomic
def cancel_order(order: Order, reason: str) -> Order:
    """Before anything is shipped: goods free again, what was paid back to the customer.

    A pending order can't be: it may be on its way to the bank, and it is decided by itself. Whoever has to end one that
    hangs does so with its saga. Raises OrderPending, IllegalTransition.
    """
    order = locked_order(order)
    if order.status == Status.PENDING:
        raise OrderPending(
            f"Order {order} is not placed yet. Wait until it is, {_how_long(order)}, and cancel it then."
        )
    order.check_move_to(Status.CANCELLED)
    promotions.give_back(order.promotion_code)
    lines = list(order.lines.all())
    inventory.release(order.number, [line.sku for line in lines])
    payments.give_back(order.number)
    now = timezone.now()
    move(order, Status.CANCELLED, cancelled_at=now, cancel_reason=reason)
    cancelled = telling.cancelled(order, lines)
    notifications.notify(cancelled, order_number=order.number, cause=publish(cancelled))
    return order


@transaction.atomic
def refund_order(order: Order, amount: Decimal | None = None) -> Order:
    """Gives back `amount`, or all that is left; shipped goods stay with the customer.

    Where the payments service has to do it, it is asked, and the order's status follows its answer.

    Refunded in full is a final status: what is still reserved for the order is free again, and nothing more is shipped.
    Raises IllegalTransition, RefundTooLarge.
    """
    order = locked_order(order)
    order.check_move_to(Status.REFUNDED)
    outcome = payments.request(payments.Wanted("refund", order.number, amount))
    if outcome.awaited:
        awaiting.await_answer(order, outcome.awaited)
    elif outcome.payment.fully_refunded:
        awaiting.refunded_in_full(order)
    return order


@transaction.atomic
def record_shipment(order: Order, *, complete: bool) -> Order:
    """Goods have left the warehouse, with them all or (`complete` is false) a part. Raises IllegalTransition."""
    order = locked_order(order)
    now = timezone.now()
    if complete:
        move(order, Status.SHIPPED, shipped_at=now)
    else:
        move(order, Status.PARTIALLY_SHIPPED)
    publish(OrderShipped(**told(order), complete=complete, shipped_at=now))
    return order


@transaction.atomic
def record_delivery(order: Order) -> Order:
    """The customer has everything. Raises IllegalTransition."""
    order = locked_order(order)
    now = timezone.now()
    move(order, Status.DELIVERED, delivered_at=now)
    publish(OrderDelivered(**told(order), delivered_at=now))
    return order


@transaction.atomic
def record_return(order: Order) -> Order:
    """Everything came back. Raises IllegalTransition."""
    order = locked_order(order)
    move(order, Status.RETURNED)
    publish(OrderReturned(**told(order), returned_at=timezone.now()))
    return order


def _how_long(order: Order) -> str:
    if order.payment_retried_until is None:
        return "a few minutes at most"
    return f"until {order.payment_retried_until:%Y-%m-%d %H:%M} UTC at most"
