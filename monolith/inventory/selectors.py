from collections.abc import Iterable

from django.db.models import F, QuerySet, Sum

from monolith.inventory.models import Reservation, StockItem, Transfer, Warehouse


def stock_levels() -> QuerySet[StockItem]:
    """One row per SKU and warehouse, inactive ones too."""
    return StockItem.objects.select_related("warehouse").order_by("sku", "warehouse_id")


def availability(skus: Iterable[str]) -> dict[str, int]:
    """Units nobody has reserved, over all active warehouses; 0 for a SKU that was never in stock."""
    wanted = list(skus)
    items = StockItem.objects.filter(sku__in=wanted, warehouse__active=True).order_by()
    left = dict(items.values_list("sku").annotate(left=Sum(F("on_hand") - F("reserved"))))
    return {sku: left.get(sku, 0) for sku in wanted}


def low_stock() -> QuerySet[StockItem]:
    """What to reorder, in active warehouses."""
    return stock_levels().filter(warehouse__active=True, reorder_level__gte=F("on_hand") - F("reserved"))


def active_reservations(reference: str) -> QuerySet[Reservation]:
    active = Reservation.objects.filter(reference=reference, status=Reservation.Status.ACTIVE)
    return active.select_related("item__warehouse").order_by("item__sku", "pk")


def reservations() -> QuerySet[Reservation]:
    """Those that ended, too; newest first."""
    return Reservation.objects.select_related("item__warehouse")


def transfers() -> QuerySet[Transfer]:
    return Transfer.objects.select_related("source", "destination").prefetch_related("lines")


def warehouses() -> QuerySet[Warehouse]:
    return Warehouse.objects.all()
