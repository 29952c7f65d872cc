from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from monolith.catalog.selectors import products_by_sku
from monolith.customers.selectors import PostalAddress
from monolith.errors import EmptyCart, MixedCurrencies, ProductUnavailable
from monolith.inventory import services as inventory
from monolith.notifications import services as notifications
from monolith.orders.carts import add_to_cart, cart_of, change_quantity, locked, remove_from_cart
from monolith.orders.events import Line, OrderCancelled, OrderPlaced, ShipTo
from monolith.orders.models import Cart, Order, OrderLine
from monolith.payments import services as payments
from strangler.outbox import publish

__all__ = [
    "add_to_cart",
    "cancel_order",
    "cart_of",
    "change_quantity",
    "checkout",
    "refund_order",
    "remove_from_cart",
]


@transaction.atomic
def checkout(cart: Cart, *, address: PostalAddress, card_token: str) -> Order:
    """Everything or nothing: stock, order, e-mails, payment and events in one transaction, by direct calls.

    The payment comes last, because the gateway is the one thing here that a rollback would not undo.
    Raises EmptyCart, ProductUnavailable, MixedCurrencies, OutOfStock, PaymentDeclined.
    """
    cart = locked(cart)
    order, lines = _new_order(cart, address)
    inventory.take_stock(order.number, {line.sku: line.quantity for line in lines})
    order.save()
    OrderLine.objects.bulk_create(lines)
    cart.items.all().delete()
    placed = OrderPlaced(**_carried(order, lines), ship_to=ShipTo(**order.ship_to), placed_at=order.placed_at)
    notifications.notify(placed, order_number=order.number, cause=publish(placed))
    payments.charge(
        order.number,
        amount=order.total,
        currency=order.currency,
        card_token=card_token,
        customer_email=order.customer_email,
        customer_name=order.customer_name,
    )
    return order


@transaction.atomic
def cancel_order(order: Order, reason: str) -> Order:
    """Goods back in stock, what is left of the payment back to the customer. Raises IllegalTransition."""
    order = _locked_order(order)
    order.move_to(Order.Status.CANCELLED)
    order.cancelled_at, order.cancel_reason = timezone.now(), reason
    order.save(update_fields=["status", "cancelled_at", "cancel_reason"])
    lines = list(order.lines.all())
    inventory.return_stock(order.number, {line.sku: line.quantity for line in lines})
    payments.refund(order.number)
    cancelled = OrderCancelled(**_carried(order, lines), reason=reason, cancelled_at=order.cancelled_at)
    notifications.notify(cancelled, order_number=order.number, cause=publish(cancelled))
    return order


@transaction.atomic
def refund_order(order: Order, amount: Decimal | None = None) -> Order:
    """Gives back `amount`, or all that is left; the goods stay with the customer. Refunded in full is a final status.

    Raises IllegalTransition, RefundTooLarge.
    """
    order = _locked_order(order)
    order.check_move_to(Order.Status.REFUNDED)
    if payments.refund(order.number, amount).refundable == 0:
        order.move_to(Order.Status.REFUNDED)
        order.save(update_fields=["status"])
    return order


def _locked_order(order: Order) -> Order:
    return Order.objects.select_for_update().get(pk=order.pk)


def _new_order(cart: Cart, address: PostalAddress) -> tuple[Order, list[OrderLine]]:
    """Unsaved, at the prices of this moment."""
    items = list(cart.items.all())
    if not items:
        raise EmptyCart("Your cart is empty; POST products to /api/cart/items/ first.")
    products = products_by_sku(item.sku for item in items)
    gone = [item.sku for item in items if item.sku not in products or not products[item.sku].active]
    if gone:
        raise ProductUnavailable(f"No longer on sale: {', '.join(gone)}. Remove it from the cart.")
    currencies = sorted({product.currency for product in products.values()})
    if len(currencies) > 1:
        raise MixedCurrencies(f"The cart mixes {' and '.join(currencies)}; place one order per currency.")
    order = Order(
        customer=cart.customer,
        customer_name=cart.customer.name,
        customer_email=cart.customer.email,
        ship_to=address._asdict(),
        currency=currencies[0],
        total=sum((products[item.sku].price * item.quantity for item in items), Decimal(0)),
    )
    lines = [
        OrderLine(
            order=order,
            sku=item.sku,
            name=products[item.sku].name,
            quantity=item.quantity,
            unit_price=products[item.sku].price,
        )
        for item in items
    ]
    return order, lines


def _carried(order: Order, lines: list[OrderLine]) -> dict[str, object]:
    """What both events tell, so that no reader has to come back and ask."""
    return {
        "order_number": order.number,
        "customer_id": order.customer_id,
        "customer_name": order.customer_name,
        "customer_email": order.customer_email,
        "lines": [
            Line(sku=line.sku, name=line.name, quantity=line.quantity, unit_price=line.unit_price) for line in lines
        ],
        "total": order.total,
        "currency": order.currency,
    }
