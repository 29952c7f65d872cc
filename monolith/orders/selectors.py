from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum
from django.utils import timezone

from monolith.catalog.selectors import is_on_sale, variants_by_id
from monolith.errors import NotFound
from monolith.money import ZERO
from monolith.orders import promotions
from monolith.orders.models import Cart, CartItem, Order
from monolith.orders.pricing import Discount, PricedLine, Totals, discount_of, price, subtotal_of
from monolith.shipping.selectors import shipping_cost


@dataclass(frozen=True)
class CartLine:
    """Some units of a variant at today's price. `available`: it can be bought, as far as the catalogue is concerned."""

    sku: str
    name: str
    quantity: int
    unit_price: Decimal
    currency: str
    available: bool
    variant_id: int
    tax_class: str

    @property
    def line_total(self) -> Decimal:
        return self.unit_price * self.quantity

    @property
    def priced(self) -> PricedLine:
        return PricedLine(self.sku, self.quantity, self.unit_price, self.tax_class)


@dataclass(frozen=True)
class CartSummary:
    """What the customer would pay for the lines that can be bought; without tax and shipping while no country is known.

    `promotion_refused` says why a code on the cart gives no discount; a checkout refuses it for the same reason.
    """

    lines: Sequence[CartLine]
    currency: str
    subtotal: Decimal = ZERO
    discount: Decimal = ZERO
    shipping_cost: Decimal | None = None
    tax: Decimal | None = None
    total: Decimal = ZERO
    promotion_code: str = ""
    promotion_refused: str = ""


def cart_lines(cart: Cart) -> list[CartLine]:
    items = list(cart.items.all())
    variants = variants_by_id([item.variant_id for item in items])
    return [_cart_line(variants[item.variant_id], item.quantity) for item in items]


def _cart_line(variant: Any, quantity: int) -> CartLine:
    return CartLine(
        sku=variant.sku,
        name=variant.full_name,
        quantity=quantity,
        unit_price=variant.price or ZERO,
        currency=variant.currency or "",
        available=is_on_sale(variant),
        variant_id=variant.pk,
        tax_class=variant.product.tax_class,
    )


def totals_of(
    lines: Sequence[CartLine], *, discount: Discount | None, country: str, shipping_method: str, currency: str
) -> Totals:
    """Raises CannotShipThere."""
    priced = [line.priced for line in lines]
    goods = subtotal_of(priced) - discount_of(priced, discount)
    cost = shipping_cost(country, shipping_method, goods, currency)
    return price(priced, promotion=discount, country=country, shipping_cost=cost)


def cart_summary(cart: Cart, *, country: str | None = None, shipping_method: str = "standard") -> CartSummary:
    """Raises CannotShipThere."""
    lines = cart_lines(cart)
    counted = [line for line in lines if line.available]
    currency = counted[0].currency if counted else "EUR"
    # A cart that mixes currencies can be looked at, though not bought: the sums speak of the first one.
    counted = [line for line in counted if line.currency == currency]
    priced = [line.priced for line in counted]
    subtotal = subtotal_of(priced)
    refused = _why_refused(cart, subtotal, currency)
    discount = None if refused else promotions.discount_by(cart.promotion)
    told = {
        "lines": lines,
        "currency": currency,
        "subtotal": subtotal,
        "discount": discount_of(priced, discount),
        "promotion_code": cart.promotion.code if cart.promotion else "",
        "promotion_refused": refused,
    }
    if country is None or not counted:
        return CartSummary(**told, total=subtotal - told["discount"])
    totals = totals_of(counted, discount=discount, country=country, shipping_method=shipping_method, currency=currency)
    return CartSummary(**told, shipping_cost=totals.shipping_cost, tax=totals.tax, total=totals.total)


def _why_refused(cart: Cart, subtotal: Decimal, currency: str) -> str:
    if cart.promotion is None:
        return ""
    return promotions.why_not(cart.promotion, subtotal=subtotal, currency=currency, at=timezone.now())


def orders_visible_to(user: Any) -> QuerySet[Order]:
    """Staff see every order, a customer only her own."""
    orders = Order.objects.prefetch_related("lines")
    return orders if user.is_staff else orders.filter(customer__user_id=user.pk)


def order_visible_to(user: Any, number: str) -> Order:
    """Raises NotFound for another customer's order too: that it exists is nobody else's business."""
    order = orders_visible_to(user).filter(number=number.upper()).first()
    if order is None:
        raise NotFound(f"You have no order {number}; your orders are listed at /api/orders/.")
    return order


def status_of(number: str) -> str:
    return Order.objects.values_list("status", flat=True).get(number=number)


def cart_size(user: Any) -> int:
    """Units in the cart; none for a visitor or a member of staff. Opens no cart."""
    items = CartItem.objects.filter(cart__customer__user_id=user.pk)
    return items.aggregate(units=Sum("quantity", default=0))["units"]
