from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import QuerySet

from monolith.catalog.selectors import products_by_sku
from monolith.errors import NotFound
from monolith.orders.models import Cart, Order


class CartLine(NamedTuple):
    sku: str
    name: str
    quantity: int
    unit_price: Decimal
    currency: str
    available: bool

    @property
    def line_total(self) -> Decimal:
        return self.unit_price * self.quantity


def cart_lines(cart: Cart) -> list[CartLine]:
    """The cart at today's prices."""
    items = list(cart.items.all())
    products = products_by_sku(item.sku for item in items)
    return [
        CartLine(item.sku, product.name, item.quantity, product.price, product.currency, product.active)
        for item in items
        if (product := products[item.sku])
    ]


def orders_visible_to(user: Any) -> QuerySet[Order]:
    """Staff see every order, a customer only her own."""
    orders = Order.objects.prefetch_related("lines")
    return orders if user.is_staff else orders.filter(customer__user_id=user.pk)


def order_visible_to(user: Any, number: str) -> Order:
    """Raises NotFound for another customer's order too: that it exists is nobody else's business."""
    order = orders_visible_to(user).filter(number=number.upper()).first()
    if order is None:
        raise NotFound(f"You have no order {number}; GET /api/orders/ lists yours.")
    return order
