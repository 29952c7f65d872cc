"""This side's copy of what the service owns, as the service tells it. Nothing is published: there is no echo."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import Q

from monolith.inventory.events import (
    StockDispatched,
    StockLevel,
    StockMoved,
    StockReceived,
    StockReleased,
    StockReserved,
    StockReturned,
    StockShipped,
    StockState,
    WarehouseTold,
)
from monolith.inventory.levels import Reason, locked_items, save_levels
from monolith.inventory.models import Reservation, StockItem, Warehouse
from monolith.inventory.owners import elsewhere
from monolith.inventory.promises import active_on, split

Status = Reservation.Status
Place = tuple[str, str]
"""SKU and code of the warehouse."""
_MOVED: dict[type[StockMoved], tuple[Reason, int]] = {
    StockShipped: (Reason.SHIPPED, -1),
    StockReturned: (Reason.RETURNED, 1),
    StockDispatched: (Reason.TRANSFERRED, -1),
    StockReceived: (Reason.TRANSFERRED, 1),
}
# Past the ORM, which would write its own time: an entry keeps the one of the service.
_NOTE = """
    INSERT INTO inventory_stockmovement (id, item_id, quantity, reason, reference, created_at)
    SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::int[], %s::text[], %s::text[], %s::timestamptz[])
    ON CONFLICT (id) DO NOTHING
"""


def follow(events: Sequence[StockLevel]) -> None:
    """Of one type, of each SKU in order; those of SKUs that this side owns are passed over.

    Levels are those that the last one tells; promises begin and end with each, and movements are noted once.
    """
    if not events:
        return
    skus = {event.sku for event in events}
    items = _locked(skus)
    theirs = elsewhere(skus)
    told = [event for event in events if event.sku in theirs]
    items = _completed(items, {(event.sku, event.warehouse) for event in told}, {})
    for event in told:
        item = items[event.sku, event.warehouse]
        item.on_hand, item.reserved = event.on_hand, event.reserved
    save_levels({items[event.sku, event.warehouse] for event in told})
    _follow_promises(told, items)
    _note([(event, items[event.sku, event.warehouse]) for event in told if isinstance(event, StockMoved)])


def replace(states: Sequence[StockState]) -> None:
    """Levels and active promises become those that are told. Whose the SKUs are is for the caller to know."""
    warehouses = {place.warehouse.code: place.warehouse for state in states for place in state.places}
    told = {(state.sku, place.warehouse.code): place for state in states for place in state.places}
    items = _completed(_locked({state.sku for state in states}), told, warehouses)
    for where, item in items.items():
        place = told.get(where)
        item.on_hand, item.reserved = (place.on_hand, place.reserved) if place else (0, 0)
        item.reorder_level = place.reorder_level if place else item.reorder_level
    save_levels(items.values(), "reorder_level")
    _replace_promises(states, items)


def note_told(states: Sequence[StockState]) -> None:
    """The whole state of SKUs, told again: for those that the service owns."""
    latest = {state.sku: state for state in states}
    list(locked_items(Q(sku__in=list(latest))))
    theirs = elsewhere(latest)
    replace([state for sku, state in latest.items() if sku in theirs])


def _locked(skus: Collection[str]) -> dict[Place, StockItem]:
    return {(item.sku, item.warehouse.code): item for item in locked_items(Q(sku__in=list(skus)))}


def _completed(
    items: dict[Place, StockItem], places: Iterable[Place], told: Mapping[str, WarehouseTold]
) -> dict[Place, StockItem]:
    """With those that this side has never had; a warehouse that it does not know is made."""
    missing = sorted(set(places) - items.keys())
    if not missing:
        return items
    codes = {code for _, code in missing}
    Warehouse.objects.bulk_create([_warehouse(code, told) for code in sorted(codes)], ignore_conflicts=True)
    warehouses = {warehouse.code: warehouse for warehouse in Warehouse.objects.filter(code__in=codes)}
    StockItem.objects.bulk_create(
        [StockItem(sku=sku, warehouse=warehouses[code]) for sku, code in missing], ignore_conflicts=True
    )
    return items | _locked({sku for sku, _ in missing})


def _warehouse(code: str, told: Mapping[str, WarehouseTold]) -> Warehouse:
    return Warehouse(**told[code].model_dump()) if code in told else Warehouse(code=code, name=code)


def _follow_promises(events: Sequence[StockLevel], items: Mapping[Place, StockItem]) -> None:
    made = [
        Reservation(
            reference=event.reference,
            item=items[event.sku, event.warehouse],
            quantity=event.quantity,
            expires_at=event.expires_at,
        )
        for event in events
        if isinstance(event, StockReserved)
    ]
    Reservation.objects.bulk_create(made)
    ended = [event for event in events if isinstance(event, StockReleased | StockShipped)]
    if not ended:
        return
    touched = {items[event.sku, event.warehouse] for event in ended}
    promised: dict[tuple[str, str, str], list[Reservation]] = defaultdict(list)
    for reservation in active_on(touched, Q(reference__in={event.reference for event in ended})):
        item = reservation.item
        promised[item.sku, item.warehouse.code, reservation.reference].append(reservation)
    split_off = [
        part for event in ended for part in _ended(event, promised[event.sku, event.warehouse, event.reference])
    ]
    Reservation.objects.bulk_update([row for rows in promised.values() for row in rows], ["quantity", "status"])
    Reservation.objects.bulk_create(split_off)


def _ended(event: StockReleased | StockShipped, promised: Iterable[Reservation]) -> Iterator[Reservation]:
    """Ends so many units of the promises: of a release the one of that size, else the oldest first. Yields new rows."""
    status, left = _end_of(event), event.quantity
    rows = [row for row in promised if row.status == Status.ACTIVE]
    if isinstance(event, StockReleased):
        rows.sort(key=lambda row: (row.quantity != event.quantity, event.expired and row.expires_at is None))
    for row in rows:
        units = min(left, row.quantity)
        left -= units
        if units == row.quantity:
            row.status = status
        elif units:
            yield split(row, units, status)


def _end_of(event: StockReleased | StockShipped) -> Status:
    if isinstance(event, StockShipped):
        return Status.FULFILLED
    return Status.EXPIRED if event.expired else Status.RELEASED


def _replace_promises(states: Sequence[StockState], items: Mapping[Place, StockItem]) -> None:
    """Rows that are told of as they are stay the same rows: an order may point at them."""
    told = Counter(
        (state.sku, each.warehouse, each.reference, each.quantity, each.expires_at)
        for state in states
        for each in state.promises
    )
    ended = []
    for row in active_on(items.values(), Q()):
        known = (row.item.sku, row.item.warehouse.code, row.reference, row.quantity, row.expires_at)
        if told[known]:
            told[known] -= 1
        else:
            row.status = Status.RELEASED
            ended.append(row)
    Reservation.objects.bulk_update(ended, ["status"])
    Reservation.objects.bulk_create(
        [
            Reservation(reference=reference, item=items[sku, code], quantity=quantity, expires_at=expires_at)
            for sku, code, reference, quantity, expires_at in told.elements()
        ]
    )


def _note(movements: Sequence[tuple[StockMoved, StockItem]]) -> None:
    if not movements:
        return
    rows = [_entry(event, item) for event, item in movements]
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, [list(column) for column in zip(*rows, strict=True)])


def _entry(event: StockMoved, item: StockItem) -> tuple[Any, ...]:
    reason, sign = _MOVED.get(type(event), (Reason.ADJUSTED, 1))
    names = ("reference", "reason", "transfer")
    reference = next(getattr(event, name) for name in names if hasattr(event, name))
    return event.movement, item.pk, sign * event.quantity, reason.value, reference, event.moved_at
