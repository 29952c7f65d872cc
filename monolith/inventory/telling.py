"""Movements of stock, and what is there now, told again to whoever was not there."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from monolith.inventory.events import (
    Promise,
    StockAdjusted,
    StockDispatched,
    StockMoved,
    StockPlace,
    StockReceived,
    StockReturned,
    StockShipped,
    WarehouseTold,
)
from monolith.inventory.levels import moved_level
from monolith.inventory.models import Reservation, StockItem, StockMovement, Transfer
from monolith.inventory.warehouses import as_told

Reason = StockMovement.Reason


def told_again(movements: Sequence[StockMovement]) -> Iterator[StockMoved]:
    """Each as it was, with the levels of now: who keeps a copy of those ends with the right one.

    They come with their stock item and its warehouse. A loss that was only noted moved nothing: nothing is told.
    """
    numbers = {movement.reference for movement in movements if movement.reason == Reason.TRANSFERRED}
    transfers = Transfer.objects.select_related("source", "destination").in_bulk(numbers, field_name="number")
    for movement in movements:
        if movement.quantity:
            yield _told(movement, transfers)


def states_of(items: Iterable[StockItem]) -> list[dict[str, Any]]:
    """For each SKU what an event about its whole state tells. Give all of its items, locked, with their warehouses."""
    by_sku: dict[str, dict[int, StockItem]] = defaultdict(dict)
    for item in items:
        by_sku[item.sku][item.pk] = item
    promises: dict[int, list[Reservation]] = defaultdict(list)
    active = Reservation.objects.filter(status=Reservation.Status.ACTIVE).order_by("pk")
    for reservation in active.filter(item__in=[pk for theirs in by_sku.values() for pk in theirs]):
        promises[reservation.item_id].append(reservation)
    return [
        {
            "sku": sku,
            "places": tuple(_place(item) for item in theirs.values()),
            "promises": tuple(_promise(each, item) for pk, item in theirs.items() for each in promises[pk]),
        }
        for sku, theirs in sorted(by_sku.items())
    ]


def _place(item: StockItem) -> StockPlace:
    return StockPlace(
        warehouse=WarehouseTold(**as_told(item.warehouse)),
        on_hand=item.on_hand,
        reserved=item.reserved,
        reorder_level=item.reorder_level,
    )


def _promise(reservation: Reservation, item: StockItem) -> Promise:
    return Promise(
        reference=reservation.reference,
        warehouse=item.warehouse.code,
        quantity=reservation.quantity,
        expires_at=reservation.expires_at,
    )


def _told(movement: StockMovement, transfers: Mapping[str, Transfer]) -> StockMoved:
    """A transfer that the service made is known to the service alone."""
    item, reference = movement.item, movement.reference
    transfer = transfers.get(reference)
    told = moved_level(item, abs(movement.quantity), {item: movement})
    if movement.reason == Reason.SHIPPED:
        return StockShipped(**told, reference=reference)
    if movement.reason == Reason.RETURNED:
        return StockReturned(**told, reference=reference)
    if movement.reason == Reason.TRANSFERRED and movement.quantity < 0:
        return StockDispatched(**told, transfer=reference, destination=transfer.destination.code if transfer else "")
    if movement.reason == Reason.TRANSFERRED:
        return StockReceived(**told, transfer=reference, source=transfer.source.code if transfer else "")
    return StockAdjusted(**{**told, "quantity": movement.quantity}, reason=reference)
