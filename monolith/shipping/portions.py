"""Parts of an order: which units, and what share of the money belongs to them."""

from collections.abc import Mapping
from decimal import Decimal

from monolith.errors import ShopError
from monolith.money import rounded
from monolith.orders.models import Order, OrderLine


def check_quantities(
    order: Order, wanted: Mapping[str, int], possible: Mapping[str, int], refusal: type[ShopError], verb: str
) -> None:
    """Raises `refusal`, naming each SKU that is too many, too few or not there, and how many could `verb`."""
    wrong = [
        f"{sku} (wanted {quantity}, possible {possible.get(sku, 0)})"
        for sku, quantity in sorted(wanted.items())
        if not 1 <= quantity <= possible.get(sku, 0)
    ]
    if wrong:
        raise refusal(f"Order {order}: this can't {verb}: {', '.join(wrong)}.")
    if not wanted:
        can = ", ".join(f"{quantity} x {sku}" for sku, quantity in sorted(possible.items())) or "nothing"
        raise refusal(f"Order {order}: name what should {verb}; possible: {can}.")


def share(line: OrderLine, before: int, quantity: int) -> Decimal:
    """What the customer paid for `quantity` units of a line after the first `before` ones.

    Differences of rounded sums: however a line is cut up, the shares add up to its total.
    """
    return _paid_for(line, before + quantity) - _paid_for(line, before)


def _paid_for(line: OrderLine, quantity: int) -> Decimal:
    return rounded(line.total * quantity / line.quantity)
