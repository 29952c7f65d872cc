"""All there is to know of the stock of some SKUs: told, and put in place of what is known here."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from extracted.inventory import warehouses
from extracted.inventory.events import Promise, StockPlace, StockState, WarehouseTold
from extracted.inventory.levels import Status, Stock
from extracted.inventory.models import Reservation, StockItem
from extracted.inventory.warehouses import as_told


def states(skus: Iterable[str]) -> dict[str, dict[str, Any]]:
    """By SKU, what a StockState tells, in two queries. Hold the batons, or it is of no one moment."""
    wanted = sorted(set(skus))
    places, promises = defaultdict(list), defaultdict(list)
    items = StockItem.objects.filter(sku__in=wanted).select_related("warehouse").order_by("sku", "warehouse__code")
    for item in items:
        places[item.sku].append(_place(item))
    active = Reservation.objects.filter(item__sku__in=wanted, status=Status.ACTIVE).order_by("pk")
    for row in active.values_list("item__sku", "reference", "item__warehouse__code", "quantity", "expires_at"):
        promises[row[0]].append(Promise(reference=row[1], warehouse=row[2], quantity=row[3], expires_at=row[4]))
    return {sku: {"sku": sku, "places": tuple(places[sku]), "promises": tuple(promises[sku])} for sku in wanted}


def replace(stock: Stock, told: Mapping[str, StockState]) -> None:
    """By SKU. What is not told of is not there; promises that are the same stay the rows they are."""
    stock.know(warehouses.know(place.warehouse for state in told.values() for place in state.places))
    for sku, state in told.items():
        places = {place.warehouse.code: place for place in state.places}
        for code in places.keys() | {code for its, code in stock.items if its == sku}:
            _put(stock, stock.item_in(sku, code), places.get(code))
        _replace_promises(stock, sku, state.promises)


def _put(stock: Stock, item: StockItem, place: StockPlace | None) -> None:
    item.on_hand, item.reserved = (place.on_hand, place.reserved) if place else (0, 0)
    item.reorder_level = place.reorder_level if place else item.reorder_level
    stock.touch(item)


def _replace_promises(stock: Stock, sku: str, told: Iterable[Promise]) -> None:
    wanted = Counter(_promised(sku, each) for each in told)
    for promise in [each for each in stock.promises if each.item.sku == sku]:
        same = (sku, promise.item.warehouse.code, promise.reference, promise.quantity, promise.expires_at)
        if wanted[same]:
            wanted[same] -= 1
        else:
            stock.end(promise, Status.RELEASED)
    for (_, code, reference, quantity, expires_at), count in wanted.items():
        for _ in range(count):
            stock.promise(stock.item_in(sku, code), reference, quantity, expires_at)


def _promised(sku: str, promise: Promise) -> tuple[str, str, str, int, datetime | None]:
    return sku, promise.warehouse, promise.reference, promise.quantity, promise.expires_at


def _place(item: StockItem) -> StockPlace:
    levels = {"on_hand": item.on_hand, "reserved": item.reserved, "reorder_level": item.reorder_level}
    return StockPlace(warehouse=WarehouseTold(**as_told(item.warehouse)), **levels)
