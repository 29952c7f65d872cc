from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal

from django.db import transaction
from django.utils import timezone

from monolith.customers.selectors import PostalAddress
from monolith.errors import EmptyCart, MixedCurrencies, ProductUnavailable
from monolith.inventory import services as inventory
from monolith.notifications import services as notifications
from monolith.orders import promotions, telling
from monolith.orders.carts import (
    add_to_cart,
    apply_promotion,
    cart_of,
    change_quantity,
    hold,
    hold_reference,
    locked,
    remove_from_cart,
    remove_promotion,
)
from monolith.orders.events import OrderDelivered, OrderRefunded, OrderReturned, OrderShipped
from monolith.orders.models import Cart, Order, OrderLine
from monolith.orders.pricing import subtotal_of
from monolith.orders.selectors import CartLine, cart_lines, totals_of
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
]

Status = Order.Status


@transaction.atomic
def checkout(
    cart: Cart,
    *,
    address: PostalAddress,
    card_token: str,
    shipping_method: str = "standard",
    pay: Literal["now", "on_shipment"] = "now",
) -> Order:
    """Everything or nothing: stock, order, e-mails, payment and events in one transaction, by direct calls.

    Locks are taken in one order everywhere (cart or order, promotion, stock, the order's own rows), so that no two
    wait for each other. The payment comes last, because the gateway is the one thing that a rollback would not undo.

    Raises EmptyCart, ProductUnavailable, MixedCurrencies, PromotionRefused, CannotShipThere, OutOfStock,
    PaymentDeclined.
    """
    cart = locked(cart)
    order, lines = _new_order(cart, address, shipping_method)
    reserved = inventory.claim_hold(hold_reference(cart), order.number, {line.sku: line.quantity for line in lines})
    order.save()
    for line in lines:
        line.warehouse = reserved[line.sku].item.warehouse.code
    OrderLine.objects.bulk_create(lines)
    _empty(cart)
    _tell_placed(order, lines)
    take_payment = payments.charge if pay == "now" else payments.authorise
    take_payment(
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
    """Before anything is shipped: goods free again, what was paid back to the customer. Raises IllegalTransition."""
    order = _locked_order(order)
    order.check_move_to(Status.CANCELLED)
    promotions.give_back(order.promotion_code)
    inventory.release(order.number)
    payments.give_back(order.number)
    now = timezone.now()
    _move(order, Status.CANCELLED, cancelled_at=now, cancel_reason=reason)
    cancelled = telling.cancelled(order, order.lines.all())
    notifications.notify(cancelled, order_number=order.number, cause=publish(cancelled))
    return order


@transaction.atomic
def refund_order(order: Order, amount: Decimal | None = None) -> Order:
    """Gives back `amount`, or all that is left; shipped goods stay with the customer.

    Refunded in full is a final status: what is still reserved for the order is free again, and nothing more is shipped.
    Raises IllegalTransition, RefundTooLarge.
    """
    order = _locked_order(order)
    order.check_move_to(Status.REFUNDED)
    if payments.refund(order.number, amount).fully_refunded:
        inventory.release(order.number)
        _move(order, Status.REFUNDED)
        publish(OrderRefunded(**told(order), refunded_at=timezone.now()))
    return order


@transaction.atomic
def record_shipment(order: Order, *, complete: bool) -> Order:
    """Goods have left the warehouse, with them all or (`complete` is false) a part. Raises IllegalTransition."""
    order = _locked_order(order)
    now = timezone.now()
    if complete:
        _move(order, Status.SHIPPED, shipped_at=now)
    else:
        _move(order, Status.PARTIALLY_SHIPPED)
    publish(OrderShipped(**told(order), complete=complete, shipped_at=now))
    return order


@transaction.atomic
def record_delivery(order: Order) -> Order:
    """The customer has everything. Raises IllegalTransition."""
    order = _locked_order(order)
    now = timezone.now()
    _move(order, Status.DELIVERED, delivered_at=now)
    publish(OrderDelivered(**told(order), delivered_at=now))
    return order


@transaction.atomic
def record_return(order: Order) -> Order:
    """Everything came back. Raises IllegalTransition."""
    order = _locked_order(order)
    _move(order, Status.RETURNED)
    publish(OrderReturned(**told(order), returned_at=timezone.now()))
    return order


def _locked_order(order: Order) -> Order:
    return Order.objects.select_for_update().get(pk=order.pk)


def _move(order: Order, status: Status, **changes: object) -> None:
    order.move_to(status)
    for name, value in changes.items():
        setattr(order, name, value)
    order.save(update_fields=["status", *changes])


def _new_order(cart: Cart, address: PostalAddress, shipping_method: str) -> tuple[Order, list[OrderLine]]:
    """Unsaved, at the prices of this moment; the promotion is redeemed."""
    chosen = cart_lines(cart)
    currency = _common_currency(chosen)
    subtotal = subtotal_of([line.priced for line in chosen])
    promotion = cart.promotion_id and promotions.redeem(cart.promotion_id, subtotal=subtotal, currency=currency)
    totals = totals_of(
        chosen,
        discount=promotions.discount_by(promotion),
        country=address.country,
        shipping_method=shipping_method,
        currency=currency,
    )
    order = Order(
        customer=cart.customer,
        customer_name=cart.customer.name,
        customer_email=cart.customer.email,
        ship_to=address._asdict(),
        shipping_method=shipping_method,
        promotion_code=promotion.code if promotion else "",
        currency=currency,
        **{name: getattr(totals, name) for name in ("subtotal", "discount", "shipping_cost", "tax", "total")},
    )
    return order, [_new_line(order, line, sums) for line, sums in zip(chosen, totals.lines, strict=True)]


def _new_line(order: Order, line: CartLine, sums: Any) -> OrderLine:
    return OrderLine(
        order=order,
        **{name: getattr(line, name) for name in ("variant_id", "sku", "name", "quantity", "unit_price")},
        **{name: getattr(sums, name) for name in ("discount", "tax_rate", "tax")},
    )


def _common_currency(lines: Sequence[CartLine]) -> str:
    """Raises EmptyCart, ProductUnavailable, MixedCurrencies."""
    if not lines:
        raise EmptyCart("Your cart is empty; put something in first.")
    gone = [line.sku for line in lines if not line.available]
    if gone:
        raise ProductUnavailable(f"No longer on sale: {', '.join(gone)}. Remove it from the cart.")
    currencies = sorted({line.currency for line in lines})
    if len(currencies) > 1:
        raise MixedCurrencies(f"The cart mixes {' and '.join(currencies)}; place one order per currency.")
    return currencies[0]


def _empty(cart: Cart) -> None:
    cart.items.all().delete()
    cart.promotion = None
    cart.save(update_fields=["promotion"])


def _tell_placed(order: Order, lines: Sequence[OrderLine]) -> None:
    placed = telling.placed(order, lines)
    notifications.notify(placed, order_number=order.number, cause=publish(placed))
