"""Orders as customers placed them: who, what, at the price of that day, with the shop's own arithmetic."""

from collections.abc import Sequence
from datetime import datetime
from random import Random

from monolith.orders import promotions
from monolith.orders.models import Promotion
from monolith.orders.selectors import totals_of
from monolith.seeding.catalog import CURRENCY
from monolith.seeding.sales import Line, Sale
from monolith.seeding.shop import Shop
from monolith.shipping.selectors import methods_to

LINES, LINES_SHARES = (1, 2, 3, 4, 6), (46, 27, 15, 8, 4)
UNITS, UNITS_SHARES = (1, 2, 3, 4, 6), (72, 17, 5, 4, 2)
FROM_A_BRANCH = 0.3  # of the lines that also lie in another warehouse: the main one was short that day
EXPRESS, WITH_CODE, OTHER_ADDRESS = 0.12, 0.14, 0.2


def check_out(dice: Random, number: str, placed_at: datetime, shop: Shop, codes: Sequence[Promotion]) -> Sale:
    buyer = shop.buyers.pick(dice, placed_at)
    where = dice.choice(buyer.destinations) if dice.random() < OTHER_ADDRESS else buyer.destinations[0]
    hurry = dice.random() < EXPRESS and "express" in methods_to(where.country)
    sale = Sale(
        number=number,
        placed_at=placed_at,
        buyer=buyer,
        destination=where,
        method="express" if hurry else "standard",
        lines=_lines(dice, placed_at, shop),
    )
    _price(sale, _code(dice, sale, codes))
    return sale


def _lines(dice: Random, at: datetime, shop: Shop) -> list[Line]:
    """A ware picked twice is one line."""
    picked = {}
    for _ in range(dice.choices(LINES, LINES_SHARES)[0]):
        ware = shop.wares.pick(dice, at)
        picked[ware.id] = ware
    lines = []
    for ware in picked.values():
        main, *branches = ware.places
        place = dice.choice(branches) if branches and dice.random() < FROM_A_BRANCH else main
        lines.append(Line(ware, place, dice.choices(UNITS, UNITS_SHARES)[0], ware.price(at)))
    return lines


def _code(dice: Random, sale: Sale, codes: Sequence[Promotion]) -> Promotion | None:
    if dice.random() >= WITH_CODE:
        return None
    subtotal = sum(line.unit_price * line.quantity for line in sale.lines)
    good = [c for c in codes if not promotions.why_not(c, subtotal=subtotal, currency=CURRENCY, at=sale.placed_at)]
    return dice.choice(good) if good else None


def _price(sale: Sale, code: Promotion | None) -> None:
    totals = totals_of(
        sale.lines,
        discount=promotions.discount_by(code),
        country=sale.destination.country,
        shipping_method=sale.method,
        currency=CURRENCY,
    )
    for line, sums in zip(sale.lines, totals.lines, strict=True):
        line.discount, line.tax_rate, line.tax = sums.discount, sums.tax_rate, sums.tax
    sale.subtotal, sale.discount = totals.subtotal, totals.discount
    sale.shipping_cost, sale.tax, sale.total = totals.shipping_cost, totals.tax, totals.total
    if code:
        sale.promotion_code = code.code
        code.redemptions += 1
