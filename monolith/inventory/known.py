"""What the service tells of its stock, kept for pages and figures: levels and no more, and nobody promises out of them.

An event is here in milliseconds, so a page waits for nobody. Emptied, it is filled again by
`python -m extracted.inventory backfill inventory-monolith inventory.stock`.
"""

from collections.abc import Sequence

from django.db.models import Q, QuerySet

from monolith.inventory.events import StockLevel, StockPlace, StockState
from monolith.inventory.models import KnownStock, Warehouse

Place = tuple[str, str]
"""SKU and code of the warehouse."""
_LEVELS = ["on_hand", "reserved"]


def follow(events: Sequence[StockLevel]) -> None:
    """Of each SKU in order: levels are those that the last one tells."""
    latest = {(event.sku, event.warehouse): event for event in events}
    _save({place: _levels(event) for place, event in latest.items()}, _LEVELS)


def note_told(states: Sequence[StockState]) -> None:
    """All there is of these SKUs: what is not told of is not there any more."""
    latest = {state.sku: state for state in states}
    told = {(sku, each.warehouse.code): each for sku, state in latest.items() for each in state.places}
    gone = Q()
    for sku, state in latest.items():
        gone |= Q(sku=sku) & ~Q(warehouse__code__in=[each.warehouse.code for each in state.places])
    if latest:
        KnownStock.objects.filter(gone).update(on_hand=0, reserved=0)
    _save(
        {place: {**_levels(each), "reorder_level": each.reorder_level} for place, each in told.items()},
        [*_LEVELS, "reorder_level"],
    )


def places() -> QuerySet[KnownStock]:
    """One row per SKU and warehouse, inactive ones too."""
    return KnownStock.objects.select_related("warehouse").order_by("sku", "warehouse_id")


def _save(levels: dict[Place, dict[str, int]], fields: list[str]) -> None:
    """In the order of the places, as everybody locks them."""
    warehouses = _warehouses({code for _, code in levels})
    rows = [KnownStock(sku=sku, warehouse_id=warehouses[code], **its) for (sku, code), its in sorted(levels.items())]
    place = ["sku", "warehouse"]
    KnownStock.objects.bulk_create(rows, update_conflicts=True, unique_fields=place, update_fields=fields)


def _warehouses(codes: set[str]) -> dict[str, int]:
    """Their numbers; one that this side does not know is made."""
    found = dict(Warehouse.objects.filter(code__in=codes).values_list("code", "pk"))
    for code in sorted(codes - found.keys()):
        found[code] = Warehouse.objects.get_or_create(code=code, defaults={"name": code})[0].pk
    return found


def _levels(told: StockLevel | StockPlace) -> dict[str, int]:
    return {"on_hand": told.on_hand, "reserved": told.reserved}
