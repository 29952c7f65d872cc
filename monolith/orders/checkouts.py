"""From a cart to an order: written down as pending, and handed to the saga that reserves, is paid and confirms."""

from collections.abc import Sequence
from typing import Any, Literal

from django.db import transaction
from django.utils import timezone

from monolith.customers.selectors import PostalAddress
from monolith.errors import EmptyCart, MixedCurrencies, ProductUnavailable
from monolith.orders import promotions, sagas
from monolith.orders.carts import hold_reference, locked
from monolith.orders.events import OrderRequested
from monolith.orders.models import Cart, Order, OrderLine
from monolith.orders.pricing import subtotal_of
from monolith.orders.selectors import CartLine, cart_lines, totals_of
from monolith.orders.telling import told
from strangler.outbox import publish


@transaction.atomic
def checkout(
    cart: Cart,
    *,
    address: PostalAddress,
    card_token: str,
    shipping_method: str = "standard",
    pay: Literal["now", "on_shipment"] = "now",
) -> Order:
    """The order is placed when this returns, or pending, where the inventory service has to be asked for the goods.

    What is refused at once leaves nothing behind: stock, order, payment, e-mails and events are one transaction. What
    is refused later cancels the order, and the customer is told.

    Locks are taken in one order everywhere (cart or order, promotion, stock, the order's own rows), so that no two
    wait for each other. Of what may be refused the payment comes last: the gateway is not undone by a rollback.

    Raises EmptyCart, ProductUnavailable, MixedCurrencies, PromotionRefused, CannotShipThere, OutOfStock,
    PaymentDeclined.
    """
    cart = locked(cart)
    order, lines = _new_order(cart, address, shipping_method)
    order.save()
    OrderLine.objects.bulk_create(lines)
    _empty(cart)
    sagas.begin(order, lines, hold=hold_reference(cart), pay=pay, card_token=card_token)
    if order.status == Order.Status.PENDING:
        publish(OrderRequested(**told(order), requested_at=timezone.now()))
    return order


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
