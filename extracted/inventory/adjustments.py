"""Changes of `on_hand` that no promise led to: units counted, received, written off or sent back."""

from collections.abc import Sequence

from extracted.inventory.errors import InventoryError, OutOfStock
from extracted.inventory.events import StockAdjusted, StockReturned
from extracted.inventory.levels import Reason, Stock
from extracted.inventory.models import Warehouse
from extracted.inventory.reservations import Portion


def adjust(stock: Stock, differences: Sequence[Portion], *, reason: str) -> list[Portion]:
    """All or nothing; creates stock items on first use. Raises OutOfStock where fewer than reserved would be left."""
    placed = _placed(differences)
    by_place: dict[tuple[str, str], int] = {}
    for sku, code, by in placed:
        if by == 0:
            raise InventoryError(f"An adjustment of {sku} by 0 changes nothing.")
        by_place[sku, code] = by_place.get((sku, code), 0) + by
    for (sku, code), by in by_place.items():
        item = stock.item_in(sku, code)
        if item.on_hand + by < item.reserved:
            raise OutOfStock(
                f"{sku} has {item.on_hand} on hand in {code}, {item.reserved} of them reserved; "
                f"it can't be adjusted by {by}, only by {-item.available} or more."
            )
    for (sku, code), by in by_place.items():
        if by:
            item = stock.item_in(sku, code)
            movement = stock.move(item, by, Reason.ADJUSTED, reason)
            stock.tell(StockAdjusted, item, by, movement=movement, reason=reason)
    return placed


def take_back(stock: Stock, reference: str, returned: Sequence[Portion]) -> list[Portion]:
    """What a customer sent back is on the shelf again, in the first warehouse where no other is named."""
    if wrong := [f"{quantity} x {sku}" for sku, _, quantity in returned if quantity < 1]:
        raise InventoryError(f"Quantities are whole numbers from 1, not {', '.join(wrong)}.")
    placed = _placed(returned)
    for sku, code, quantity in placed:
        item = stock.item_in(sku, code)
        movement = stock.move(item, quantity, Reason.RETURNED, reference)
        stock.tell(StockReturned, item, quantity, movement=movement, reference=reference)
    return placed


def _placed(portions: Sequence[Portion]) -> list[Portion]:
    if all(code for _, code, _ in portions):
        return list(portions)
    first = default_warehouse()
    return [(sku, code or first, quantity) for sku, code, quantity in portions]


def default_warehouse() -> str:
    """The first active one by priority; before anything was told of any it is 'MAIN'."""
    first = Warehouse.objects.filter(active=True).first()
    return first.code if first else "MAIN"
