"""Movements of stock, told again to whoever was not there."""

from collections.abc import Iterator, Mapping, Sequence

from monolith.inventory.events import (
    StockAdjusted,
    StockDispatched,
    StockMoved,
    StockReceived,
    StockReturned,
    StockShipped,
)
from monolith.inventory.levels import moved_level
from monolith.inventory.models import StockMovement, Transfer

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


def _told(movement: StockMovement, transfers: Mapping[str, Transfer]) -> StockMoved:
    item, reference = movement.item, movement.reference
    told = moved_level(item, abs(movement.quantity), {item: movement})
    if movement.reason == Reason.SHIPPED:
        return StockShipped(**told, reference=reference)
    if movement.reason == Reason.RETURNED:
        return StockReturned(**told, reference=reference)
    if movement.reason == Reason.TRANSFERRED and movement.quantity < 0:
        return StockDispatched(**told, transfer=reference, destination=transfers[reference].destination.code)
    if movement.reason == Reason.TRANSFERRED:
        return StockReceived(**told, transfer=reference, source=transfers[reference].source.code)
    return StockAdjusted(**{**told, "quantity": movement.quantity}, reason=reference)
