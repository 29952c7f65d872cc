from django.db.models import F, Model, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from monolith.inventory.availability import availability
from monolith.inventory.choosing import held, places
from monolith.inventory.models import Ownership, Reservation, StockItem, Transfer, Warehouse

__all__ = [
    "availability",
    "held",
    "low_stock",
    "places",
    "reservations",
    "stock_levels",
    "transfers",
    "warehouses",
    "with_owners",
]


def stock_levels() -> QuerySet[StockItem]:
    """One row per SKU and warehouse, inactive ones too."""
    return StockItem.objects.select_related("warehouse").order_by("sku", "warehouse_id")


def with_owners(items: QuerySet[StockItem]) -> QuerySet[StockItem]:
    """Each with its `owner`, "monolith" or "service"."""
    moved = Ownership.objects.filter(sku=OuterRef("sku")).values("owner")[:1]
    return items.annotate(owner=Coalesce(Subquery(moved), Value(Ownership.Owner.MONOLITH.value)))


def low_stock() -> QuerySet[Model]:
    """What to reorder, in active warehouses."""
    return places().filter(warehouse__active=True, reorder_level__gte=F("on_hand") - F("reserved"))


def reservations() -> QuerySet[Reservation]:
    """Those that ended, too; newest first."""
    return Reservation.objects.select_related("item__warehouse")


def transfers() -> QuerySet[Transfer]:
    return Transfer.objects.select_related("source", "destination").prefetch_related("lines")


def warehouses() -> QuerySet[Warehouse]:
    return Warehouse.objects.all()
