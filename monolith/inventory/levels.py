"""What every change of stock shares: one order of locks, and no change of `on_hand` without its entry in the ledger."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from monolith.errors import OutOfStock
from monolith.inventory.events import StockAdjusted, StockReturned
from monolith.inventory.models import StockItem, StockMovement, Warehouse
from monolith.inventory.owners import elsewhere, keep_at_home
from strangler.outbox import publish_many

Reason = StockMovement.Reason


def adjust(items: Mapping[str, StockItem], quantities: Mapping[str, int], reason: str) -> None:
    """Of locked items by SKU. Raises OutOfStock when fewer units would be left than are reserved."""
    for sku, by in quantities.items():
        item = items[sku]
        if item.on_hand + by < item.reserved:
            raise OutOfStock(
                f"{sku} has {item.on_hand} on hand in {item.warehouse}, {item.reserved} of them reserved; "
                f"it can't be adjusted by {by}, only by {-item.available} or more."
            )
    moved = move({items[sku]: by for sku, by in quantities.items()}, Reason.ADJUSTED, reason)
    publish_many(
        [StockAdjusted(**moved_level(items[sku], by, moved), reason=reason) for sku, by in sorted(quantities.items())]
    )


def put_back(items: Mapping[str, StockItem], quantities: Mapping[str, int], reference: str) -> None:
    """Into locked items by SKU."""
    moved = move({items[sku]: quantity for sku, quantity in quantities.items()}, Reason.RETURNED, reference)
    publish_many(
        [
            StockReturned(**moved_level(items[sku], quantity, moved), reference=reference)
            for sku, quantity in sorted(quantities.items())
        ]
    )


def locked_items(condition: Q, *, skip_locked: bool = False) -> QuerySet[StockItem]:
    """Row locks in the order (sku, warehouse), so that two people who want the same goods can't wait for each other.

    Whoever changes a stock item or one of its reservations holds this lock.
    """
    items = StockItem.objects.select_for_update(of=("self",), no_key=True, skip_locked=skip_locked)
    return items.select_related("warehouse").filter(condition).order_by("sku", "warehouse_id")


def locked_items_in(warehouse: Warehouse, skus: Iterable[str]) -> dict[str, StockItem]:
    """Creates those that warehouse has never had, except of SKUs that the service owns: it may have to make them."""
    wanted = sorted(skus)
    known = StockItem.objects.filter(sku__in=wanted, warehouse=warehouse).order_by().values_list("sku", flat=True)
    if missing := set(wanted).difference(known):
        keep_at_home(missing)
        new = sorted(missing - elsewhere(missing).keys())
        StockItem.objects.bulk_create([StockItem(sku=sku, warehouse=warehouse) for sku in new], ignore_conflicts=True)
    return {item.sku: item for item in locked_items(Q(sku__in=wanted, warehouse=warehouse))}


def move(changes: Mapping[StockItem, int], reason: Reason, reference: str) -> dict[StockItem, StockMovement]:
    """Changes `on_hand` of locked items, and saves `reserved` with it. Returns the entries in the ledger."""
    for item, change in changes.items():
        item.on_hand += change
    save_levels(changes)
    movements = {
        item: StockMovement(item=item, quantity=change, reason=reason, reference=reference)
        for item, change in changes.items()
    }
    StockMovement.objects.bulk_create(movements.values())
    return movements


def save_levels(items: Iterable[StockItem], *others: str) -> None:
    """`others` are fields that are saved with them."""
    now, changed = timezone.now(), list(items)
    for item in changed:
        item.updated_at = now
    StockItem.objects.bulk_update(changed, ["on_hand", "reserved", "updated_at", *others])


def level(item: StockItem, quantity: int) -> dict[str, Any]:
    """What every event about stock tells: take it after the change."""
    return {
        "sku": item.sku,
        "warehouse": item.warehouse.code,
        "quantity": quantity,
        "on_hand": item.on_hand,
        "reserved": item.reserved,
    }


def moved_level(item: StockItem, quantity: int, moved: Mapping[StockItem, StockMovement]) -> dict[str, Any]:
    """What every event about a change of `on_hand` tells: `moved` is what `move` returned."""
    return {**level(item, quantity), "movement": moved[item].pk, "moved_at": moved[item].created_at}
