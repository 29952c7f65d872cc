"""What a cart costs. Pure: no database and no clock, so any cart can be tried in a property test."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from monolith.money import ZERO, allocate, rounded
from monolith.orders.taxes import STANDARD, tax_rate


@dataclass(frozen=True)
class PricedLine:
    """Some units of one SKU; `unit_price` is without tax."""

    sku: str
    quantity: int
    unit_price: Decimal
    tax_class: str = STANDARD

    @property
    def subtotal(self) -> Decimal:
        return self.unit_price * self.quantity


@dataclass(frozen=True)
class Discount:
    """A percentage of the goods, or an amount, but never more than the goods are worth. Shipping is not discounted."""

    value: Decimal
    percent: bool

    def of(self, subtotal: Decimal) -> Decimal:
        return rounded(subtotal * self.value / 100) if self.percent else min(self.value, subtotal)


@dataclass(frozen=True)
class LineTotals:
    subtotal: Decimal
    discount: Decimal
    tax_rate: Decimal
    tax: Decimal


@dataclass(frozen=True)
class Totals:
    """`lines` in the order they were given. `tax` is that of the lines and of shipping."""

    lines: tuple[LineTotals, ...]
    subtotal: Decimal
    discount: Decimal
    shipping_cost: Decimal
    tax: Decimal

    @property
    def total(self) -> Decimal:
        return self.subtotal - self.discount + self.shipping_cost + self.tax


def subtotal_of(lines: Sequence[PricedLine]) -> Decimal:
    return sum((line.subtotal for line in lines), ZERO)


def discount_of(lines: Sequence[PricedLine], promotion: Discount | None) -> Decimal:
    return promotion.of(subtotal_of(lines)) if promotion else ZERO


def price(lines: Sequence[PricedLine], *, promotion: Discount | None, country: str, shipping_cost: Decimal) -> Totals:
    """Each line bears its share of the discount and is taxed on the rest; shipping is taxed at the standard rate."""
    discount = discount_of(lines, promotion)
    shares = allocate(discount, [line.subtotal for line in lines])
    priced = tuple(_line_totals(line, share, country) for line, share in zip(lines, shares, strict=True))
    tax_on_shipping = _tax(shipping_cost, tax_rate(country, STANDARD))
    return Totals(
        lines=priced,
        subtotal=subtotal_of(lines),
        discount=discount,
        shipping_cost=shipping_cost,
        tax=sum((line.tax for line in priced), tax_on_shipping),
    )


def _line_totals(line: PricedLine, discount: Decimal, country: str) -> LineTotals:
    rate = tax_rate(country, line.tax_class)
    return LineTotals(line.subtotal, discount, rate, _tax(line.subtotal - discount, rate))


def _tax(net: Decimal, rate: Decimal) -> Decimal:
    return rounded(net * rate / 100)
