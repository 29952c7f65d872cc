"""What becomes of a pending order: it is placed; or it can't be, the customer is told, and has the goods in the cart.

Called by the saga, in its transactions.
"""

from collections.abc import Sequence
from typing import NamedTuple

from django.utils import timezone

from monolith.notifications import services as notifications
from monolith.orders import promotions, telling
from monolith.orders.models import Cart, CartItem, Order, OrderLine, Promotion
from monolith.orders.moves import move
from strangler.outbox import publish

Status = Order.Status


class TakenBack(NamedTuple):
    """What is locked before anything of a pending order is taken back, in the order in which everybody locks."""

    order: Order
    cart: Cart | None
    promotion: Promotion | None


def locked_for_taking_back(order_number: str) -> TakenBack:
    """Before stock is: who checks out locks these first, and would otherwise wait for us while we wait for him."""
    order = Order.objects.select_for_update().get(number=order_number)
    cart = Cart.objects.select_for_update().filter(customer_id=order.customer_id).first()
    return TakenBack(order, cart, promotions.locked(order.promotion_code))


def place(order: Order, lines: Sequence[OrderLine]) -> None:
    move(order, Status.PLACED, **_waits_no_more(order))
    placed = telling.placed(order, lines)
    notifications.notify(placed, order_number=order.number, cause=publish(placed))


def reject(order_number: str, *, code: str, reason: str) -> None:
    """Nobody was told that it was placed, so there is no OrderCancelled: its readers would have nothing to take out."""
    order, cart, promotion = locked_for_taking_back(order_number)
    lines = list(order.lines.all())
    promotions.give_back(order.promotion_code)
    changes = {"cancelled_at": timezone.now(), "cancel_reason": reason, "cancel_code": code, **_waits_no_more(order)}
    move(order, Status.CANCELLED, **changes)
    if cart is not None and not cart.items.exists():
        _put_back(cart, promotion, lines)
    rejected = telling.rejected(order, lines)
    notifications.notify(rejected, order_number=order.number, cause=publish(rejected))


def _waits_no_more(order: Order) -> dict[str, None]:
    """For the bank, if it did."""
    return {} if order.payment_retried_until is None else {"payment_retried_until": None}


def _put_back(cart: Cart, promotion: Promotion | None, lines: Sequence[OrderLine]) -> None:
    """Into a cart that is still empty: what was put in meanwhile is another purchase, and is left alone."""
    CartItem.objects.bulk_create(
        [CartItem(cart=cart, variant_id=line.variant_id, quantity=line.quantity) for line in lines]
    )
    cart.promotion = promotion
    cart.save(update_fields=["promotion"])
