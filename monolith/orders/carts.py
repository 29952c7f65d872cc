"""Use cases of the cart. Each locks the cart, so a double click can't add twice or check out while adding."""

from django.db import transaction

from monolith.catalog.selectors import product_on_sale
from monolith.customers.selectors import customer_of
from monolith.errors import NotFound
from monolith.orders.models import Cart, CartItem


def cart_of(user: object) -> Cart:
    """Opens one on first use. Raises NotACustomer."""
    cart, _ = Cart.objects.get_or_create(customer=customer_of(user))
    return cart


def locked(cart: Cart) -> Cart:
    return Cart.objects.select_for_update(of=("self",)).select_related("customer").get(pk=cart.pk)


@transaction.atomic
def add_to_cart(cart: Cart, sku: str, quantity: int) -> CartItem:
    """Adds to what is there already. Raises NotFound for a product that isn't on sale."""
    product = product_on_sale(sku)
    item = CartItem.objects.filter(cart=locked(cart), sku=product.sku).first()
    if item is None:
        return CartItem.objects.create(cart=cart, sku=product.sku, quantity=quantity)
    item.quantity += quantity
    item.save(update_fields=["quantity"])
    return item


@transaction.atomic
def change_quantity(cart: Cart, sku: str, quantity: int) -> None:
    """Raises NotFound."""
    if not CartItem.objects.filter(cart=locked(cart), sku=sku).update(quantity=quantity):
        raise NotFound(f"{sku!r} is not in your cart; POST it to /api/cart/items/ first.")


@transaction.atomic
def remove_from_cart(cart: Cart, sku: str) -> None:
    """Removing what isn't there is fine: the result is the one asked for."""
    CartItem.objects.filter(cart=locked(cart), sku=sku).delete()
