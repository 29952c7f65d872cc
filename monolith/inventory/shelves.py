"""What is counted, written off, or put back on the shelf."""

from collections.abc import Collection, Mapping
from uuid import uuid4

from monolith.inventory.changes import request
from monolith.inventory.models import StockItem, StockMovement, Warehouse
from monolith.inventory.warehouses import default_warehouse


def adjust_stock(sku: str, *, by: int, reason: str, warehouse: Warehouse | None = None) -> StockItem:
    """Creates the stock item on first use. Raises OutOfStock when fewer units would be left than are reserved.

    Where the service keeps the SKU, it is asked, and the item is as this side knows it until the answer is here.
    """
    place = warehouse or default_warehouse()
    outcome = request("adjust", f"adjust:{uuid4().hex}", {sku: by}, warehouse=place, reason=reason)
    if sku in outcome.items:
        return outcome.items[sku]
    return StockItem.objects.select_related("warehouse").get_or_create(sku=sku, warehouse=place)[0]


def take_back(reference: str, quantities: Mapping[str, int], *, warehouse: Warehouse | None = None) -> None:
    """What a customer sent back is on the shelf again, in the first warehouse if no other is named.

    Where the service keeps a SKU, it is asked to take it back.
    """
    request("take_back", reference, quantities, warehouse=warehouse or default_warehouse())


def note_loss(reference: str, skus: Collection[str], *, warehouse: str) -> None:
    """In the stock ledger alone, of no units: the goods left the stock when they were packed, and nobody is told."""
    reason = StockMovement.Reason.WRITTEN_OFF
    items = StockItem.objects.filter(warehouse__code=warehouse, sku__in=skus)
    StockMovement.objects.bulk_create(
        [StockMovement(item=item, quantity=0, reason=reason, reference=reference) for item in items]
    )
