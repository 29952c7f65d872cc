"""Use cases of the cart. Each locks the cart, so a double click can't add twice or check out while adding."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from monolith.catalog.selectors import variant_on_sale
from monolith.customers.selectors import customer_of
from monolith.errors import EmptyCart, NotFound, OutOfStock
from monolith.inventory import services as inventory
from monolith.inventory.selectors import availability, held
from monolith.orders import promotions
from monolith.orders.models import Cart, CartItem
from monolith.orders.selectors import cart_summary


def cart_of(user: object) -> Cart:
    """Opens one on first use. Raises NotACustomer."""
    cart, _ = Cart.objects.get_or_create(customer=customer_of(user))
    return cart


def locked(cart: Cart) -> Cart:
    return Cart.objects.select_for_update(of=("self",)).select_related("customer").get(pk=cart.pk)


class Hold(NamedTuple):
    """Not `certain`: the inventory service is asked to hold some of the goods, and nobody knows yet whether it can."""

    until: datetime
    certain: bool


def hold_reference(cart: Cart) -> str:
    """Under which the stock of somebody who is at the checkout is reserved."""
    return f"cart:{cart.pk}"


@transaction.atomic
def add_to_cart(cart: Cart, sku: str, quantity: int) -> CartItem:
    """Adds to what is there already. Raises NotFound for a variant that isn't on sale."""
    variant = variant_on_sale(sku)
    item = CartItem.objects.filter(cart=locked(cart), variant=variant).first()
    if item is None:
        return CartItem.objects.create(cart=cart, variant=variant, quantity=quantity)
    item.quantity += quantity
    item.save(update_fields=["quantity"])
    return item


@transaction.atomic
def change_quantity(cart: Cart, sku: str, quantity: int) -> None:
    """Raises NotFound."""
    if not CartItem.objects.filter(cart=locked(cart), variant__sku=sku).update(quantity=quantity):
        raise NotFound(f"{sku!r} is not in your cart; add it first.")


@transaction.atomic
def remove_from_cart(cart: Cart, sku: str) -> None:
    """Removing what isn't there is fine: the result is the one asked for."""
    CartItem.objects.filter(cart=locked(cart), variant__sku=sku).delete()


@transaction.atomic
def apply_promotion(cart: Cart, code: str) -> None:
    """Takes the place of an earlier one. Raises PromotionRefused, and checkout may once more: time goes on."""
    cart = locked(cart)
    promotion = promotions.promotion_called(code)
    summary = cart_summary(cart)
    promotions.check(promotion, subtotal=summary.subtotal, currency=summary.currency)
    cart.promotion = promotion
    cart.save(update_fields=["promotion"])


@transaction.atomic
def remove_promotion(cart: Cart) -> None:
    Cart.objects.filter(pk=locked(cart).pk).update(promotion=None)


@transaction.atomic
def hold(cart: Cart, minutes: int = 15) -> Hold:
    """Keeps the goods for somebody who is typing in a card number, in the place of an earlier hold.

    What the inventory service keeps it is asked to hold, and not waited for: whether there is enough is certain at
    checkout. What there can't be by the figures on this side is refused. Raises EmptyCart, OutOfStock.
    """
    cart = locked(cart)
    wanted = dict(cart.items.values_list("variant__sku", "quantity"))
    if not wanted:
        raise EmptyCart("Your cart is empty; there is nothing to hold.")
    until = timezone.now() + timedelta(minutes=minutes)
    outcome = inventory.request("reserve", hold_reference(cart), wanted, expires_at=until)
    if outcome.awaited:
        _check_left(cart, {sku: units for sku, units in wanted.items() if sku not in outcome.warehouses})
    return Hold(until, certain=not outcome.awaited)


def units_left(cart: Cart, skus: Iterable[str]) -> dict[str, int]:
    """What this customer holds at the checkout already is hers, so it counts as left."""
    left = availability(skus)
    hers = held(hold_reference(cart))
    return {sku: units + hers.get(sku, 0) for sku, units in left.items()}


def _check_left(cart: Cart, wanted: Mapping[str, int]) -> None:
    left = units_left(cart, wanted)
    if short := [f"{sku} (wanted {n}, left {left[sku]})" for sku, n in sorted(wanted.items()) if n > left[sku]]:
        raise OutOfStock(f"Not enough in stock: {', '.join(short)}. Lower the quantity or remove it from the cart.")
