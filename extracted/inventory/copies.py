"""Copies of the stock that the monolith owns, kept current by its events. Applying them tells nobody anything."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from extracted.inventory import shadow
from extracted.inventory.events import (
    StockAdjusted,
    StockDispatched,
    StockLevel,
    StockMoved,
    StockReceived,
    StockReleased,
    StockReserved,
    StockReturned,
    StockShipped,
    StockTold,
)
from extracted.inventory.levels import Reason, Status, Stock, locked
from extracted.inventory.models import StockItem, StockMovement
from extracted.inventory.states import replace


@dataclass(frozen=True, slots=True)
class Heard:
    """`again`: of a row's past, told to this group alone. Its levels are of now, its promise was counted before.

    `beside`: at the stage of then this service does the work too, so that its answer can be compared.
    """

    event: StockLevel
    again: bool
    beside: bool


@transaction.atomic
def follow(heard: Sequence[Heard]) -> None:
    """In order. Stock that is owned here is left alone; what the ledger of its past lacks is added."""
    events = [each.event for each in heard]
    references = {each.reference for each in events if isinstance(each, StockReserved | StockReleased | StockShipped)}
    stock = locked({event.sku for event in events}, promised_to=references)
    for each in heard:
        item = stock.item_in(each.event.sku, each.event.warehouse)
        if not stock.owns(each.event.sku):
            if not each.again:
                _promise(stock, item, each.event, beside=each.beside)
            item.on_hand, item.reserved = each.event.on_hand, each.event.reserved
            stock.touch(item)
        _note(stock, item, each.event)
    stock.save()


@transaction.atomic
def put(told: Sequence[StockTold]) -> None:
    """What is told last of a SKU holds, unless it is owned here."""
    latest = {event.sku: event for event in told}
    stock = locked(latest, promised_to=None)
    replace(stock, {sku: event for sku, event in latest.items() if not stock.owns(sku)})
    stock.save()


def _promise(stock: Stock, item: StockItem, event: StockLevel, *, beside: bool) -> None:
    if isinstance(event, StockReserved):
        if beside:
            shadow.compare(stock, event)
        stock.promise(item, event.reference, event.quantity, event.expires_at)
    elif isinstance(event, StockReleased):
        status = Status.EXPIRED if event.expired else Status.RELEASED
        _end(stock, item, event.reference, event.quantity, status)
    elif isinstance(event, StockShipped):
        _end(stock, item, event.reference, event.quantity, Status.FULFILLED)


def _end(stock: Stock, item: StockItem, reference: str, quantity: int, status: Status) -> None:
    """Oldest first; of what is let go, first what was held until an expiry, and of that the one of this size."""
    promised = [each for each in stock.promised(reference, item.sku) if each.item is item]
    if status != Status.FULFILLED:
        promised.sort(key=lambda each: (each.expires_at is None, each.quantity != quantity))
    for promise in promised:
        if quantity:
            quantity -= stock.end(promise, status, quantity)


def _note(stock: Stock, item: StockItem, event: StockLevel) -> None:
    """A copy of the entry in the ledger, under its number; one that is there already stays as it is."""
    if not isinstance(event, StockMoved) or event.movement is None or event.moved_at is None:
        return
    if item.pk is None:
        stock.touch(item)
    reason, reference, sign = _entry(event)
    stock.copied.append(
        StockMovement(
            id=event.movement,
            item=item,
            quantity=sign * event.quantity,
            reason=reason,
            reference=reference,
            created_at=event.moved_at,
        )
    )


def _entry(event: StockMoved) -> tuple[Reason, str, int]:
    match event:
        case StockShipped():
            return Reason.SHIPPED, event.reference, -1
        case StockReturned():
            return Reason.RETURNED, event.reference, 1
        case StockAdjusted():
            return Reason.ADJUSTED, event.reason, 1
        case StockDispatched():
            return Reason.TRANSFERRED, event.transfer, -1
        case StockReceived():
            return Reason.TRANSFERRED, event.transfer, 1
    raise TypeError(f"{type(event).__name__} tells of no entry in the ledger")
