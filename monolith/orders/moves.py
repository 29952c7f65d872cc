"""An order's row, locked and moved to another status."""

from monolith.orders.models import Order


def locked_order(order: Order) -> Order:
    return Order.objects.select_for_update().get(pk=order.pk)


def move(order: Order, status: Order.Status, **changes: object) -> None:
    """Raises IllegalTransition."""
    order.move_to(status)
    for name, value in changes.items():
        setattr(order, name, value)
    order.save(update_fields=["status", *changes])
