from collections.abc import Iterable

from django.db.models import F, QuerySet, Sum

from extracted.inventory.models import Owner, Ownership, Reservation, ShadowOutcome, StockItem, Transfer, Warehouse


def stock_levels() -> QuerySet[StockItem]:
    """One row per SKU and warehouse, inactive ones too; copies as well as what is owned here."""
    return StockItem.objects.select_related("warehouse").order_by("sku", "warehouse_id")


def availability(skus: Iterable[str]) -> dict[str, int]:
    """Units nobody has reserved, over all active warehouses; 0 for a SKU that was never in stock. One query."""
    wanted = list(dict.fromkeys(skus))
    items = StockItem.objects.filter(sku__in=wanted, warehouse__active=True).order_by()
    left = dict(items.values_list("sku").annotate(left=Sum(F("on_hand") - F("reserved"))))
    return {sku: left.get(sku, 0) for sku in wanted}


def low_stock() -> QuerySet[StockItem]:
    """What to reorder, in active warehouses."""
    return stock_levels().filter(warehouse__active=True, reorder_level__gte=F("on_hand") - F("reserved"))


def reservations() -> QuerySet[Reservation]:
    """Those that ended, too; newest first."""
    return Reservation.objects.select_related("item__warehouse")


def transfers() -> QuerySet[Transfer]:
    return Transfer.objects.select_related("source", "destination").prefetch_related("lines")


def warehouses() -> QuerySet[Warehouse]:
    return Warehouse.objects.all()


def owned_here() -> QuerySet[Ownership]:
    return Ownership.objects.filter(owner=Owner.SERVICE)


def mismatches() -> QuerySet[ShadowOutcome]:
    return ShadowOutcome.objects.exclude(cause=ShadowOutcome.Cause.NONE)
