"""The stock of some SKUs under their locks, changed in memory and saved together: a few statements for any number."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from extracted.inventory import ownership
from extracted.inventory.events import StockLevel
from extracted.inventory.models import Ownership, Reservation, ShadowOutcome, StockItem, StockMovement, Warehouse

Reason, Status = StockMovement.Reason, Reservation.Status

# Not bulk_update(), whose CASE for each row takes Django longer than all the rest takes PostgreSQL.
SAVE_ITEMS = """
    UPDATE inventory_stockitem item
    SET on_hand = now.on_hand, reserved = now.reserved, reorder_level = now.reorder_level, updated_at = now.updated_at
    FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::int[], %s::timestamptz[])
         AS now(id, on_hand, reserved, reorder_level, updated_at)
    WHERE item.id = now.id
"""
SAVE_PROMISES = """
    UPDATE inventory_reservation promise SET quantity = now.quantity, status = now.status
    FROM unnest(%s::bigint[], %s::int[], %s::text[]) AS now(id, quantity, status) WHERE promise.id = now.id
"""


@dataclass(slots=True)
class Telling:
    """An event to be: levels are those of its moment, the number of its ledger entry is known once that is saved."""

    event: type[StockLevel]
    told: dict[str, Any]
    movement: StockMovement | None = None

    def made(self) -> StockLevel:
        if self.movement is None:
            return self.event(**self.told)
        return self.event(**self.told, movement=self.movement.pk, moved_at=self.movement.created_at)


@dataclass(slots=True)
class Stock:
    """What `locked` read. `promises` are active reservations, oldest first: those that were asked for, and the expired.

    Events of what was done are in `telling`, in order.
    """

    batons: Mapping[str, Ownership]
    items: dict[tuple[str, str], StockItem]
    promises: list[Reservation]
    telling: list[Telling] = field(default_factory=list)
    outcomes: list[ShadowOutcome] = field(default_factory=list)
    copied: list[StockMovement] = field(default_factory=list)
    _movements: list[StockMovement] = field(default_factory=list)
    _changed: dict[int, Reservation] = field(default_factory=dict)
    _touched: dict[tuple[str, str], StockItem] = field(default_factory=dict)
    _made: list[Reservation] = field(default_factory=list)
    _warehouses: dict[str, Warehouse] = field(default_factory=dict)

    def owns(self, sku: str) -> bool:
        return self.batons[sku].is_here

    def epoch(self, sku: str) -> int:
        return self.batons[sku].epoch

    def shelves(self, sku: str) -> list[StockItem]:
        """Of active warehouses, in the order in which they are taken from."""
        found = [item for (its, _), item in self.items.items() if its == sku and item.warehouse.active]
        return sorted(found, key=lambda item: (item.warehouse.priority, item.warehouse.code))

    def item_in(self, sku: str, warehouse: str) -> StockItem:
        """A new one where there is none; of a warehouse nobody told of yet, only the code is known."""
        item = self.items.get((sku, warehouse))
        if item is None:
            item = self.items[sku, warehouse] = StockItem(sku=sku, warehouse=self.warehouse(warehouse))
        return item

    def warehouse(self, code: str) -> Warehouse:
        if code not in self._warehouses:
            self._warehouses[code] = Warehouse.objects.get_or_create(code=code, defaults={"name": code})[0]
        return self._warehouses[code]

    def know(self, warehouses: Iterable[Warehouse]) -> None:
        """As they are now."""
        self._warehouses |= {each.code: each for each in warehouses}
        for (_, code), item in self.items.items():
            item.warehouse = self._warehouses.get(code, item.warehouse)

    def promised(self, reference: str, sku: str) -> list[Reservation]:
        return [each for each in self.promises if each.reference == reference and each.item.sku == sku]

    def promise(self, item: StockItem, reference: str, quantity: int, expires_at: datetime | None) -> None:
        made = Reservation(reference=reference, item=item, quantity=quantity, expires_at=expires_at)
        self.promises.append(made)
        self._made.append(made)

    def end(self, promise: Reservation, status: Status, quantity: int | None = None) -> int:
        """Of a part only, that part becomes a row of its own. Returns how many units; levels are the caller's part."""
        ended = promise.quantity if quantity is None else min(quantity, promise.quantity)
        if ended < promise.quantity:
            promise.quantity -= ended
            part = Reservation(reference=promise.reference, item=promise.item, quantity=ended, status=status)
            self._made.append(part)
        else:
            promise.move_to(status)
            self.promises = [each for each in self.promises if each is not promise]
        if promise.pk is not None:
            self._changed[promise.pk] = promise
        return ended

    def touch(self, item: StockItem) -> StockItem:
        """Its levels were changed."""
        self._touched[item.sku, item.warehouse.code] = item
        return item

    def move(self, item: StockItem, by: int, reason: Reason, reference: str) -> StockMovement:
        """No change of `on_hand` without its entry in the ledger."""
        item.on_hand += by
        self.touch(item)
        movement = StockMovement(item=item, quantity=by, reason=reason, reference=reference)
        self._movements.append(movement)
        return movement

    def tell(
        self,
        event: type[StockLevel],
        item: StockItem,
        quantity: int,
        *,
        movement: StockMovement | None = None,
        **told: Any,
    ) -> None:
        levels = {"on_hand": item.on_hand, "reserved": item.reserved}
        told |= {"sku": item.sku, "warehouse": item.warehouse.code, "quantity": quantity, **levels}
        self.telling.append(Telling(event, told, movement))

    def save(self) -> None:
        now, items = timezone.now(), list(self._touched.values())
        new = [item for item in items if item.pk is None]
        known = [item for item in items if item.pk is not None]
        for item in items:
            item.updated_at = now
        StockItem.objects.bulk_create(new)
        _execute(SAVE_ITEMS, [(i.pk, i.on_hand, i.reserved, i.reorder_level, i.updated_at) for i in known])
        _execute(SAVE_PROMISES, [(each.pk, each.quantity, str(each.status)) for each in self._changed.values()])
        Reservation.objects.bulk_create(self._made)
        StockMovement.objects.bulk_create(self._movements)
        StockMovement.objects.bulk_create(self.copied, ignore_conflicts=True)
        ShadowOutcome.objects.bulk_create(self.outcomes)


def locked(skus: Iterable[str], *, promised_to: Collection[str] | None = ()) -> Stock:
    """Reads what is promised to these references besides what has expired; with None, all promises.

    Whoever changes stock items or reservations of a SKU holds its baton, which is locked first and by SKU, so that two
    who want the same goods can't wait for each other in turn.
    """
    batons = ownership.hold(skus)
    rows = StockItem.objects.select_for_update(of=("self",), no_key=True).select_related("warehouse")
    items = list(rows.filter(sku__in=list(batons)).order_by("sku", "warehouse_id"))
    stock = Stock(batons, {(item.sku, item.warehouse.code): item for item in items}, _promises(items, promised_to))
    stock.know(item.warehouse for item in items)
    return stock


def _execute(statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(statement, [list(column) for column in zip(*rows, strict=True)])


def _promises(items: Iterable[StockItem], promised_to: Collection[str] | None) -> list[Reservation]:
    """Bound to these very items, so that what is changed on one of them is the item that is saved."""
    by_id = {item.pk: item for item in items}
    active = Reservation.objects.filter(status=Status.ACTIVE, item__in=list(by_id))
    if promised_to is not None:
        active = active.filter(Q(reference__in=list(promised_to)) | expired())
    found = list(active.order_by("pk"))
    for promise in found:
        promise.item = by_id[promise.item_id]
    return found


def expired() -> Q:
    return Q(expires_at__lte=timezone.now())


def summed(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    """By SKU."""
    sums: dict[str, int] = defaultdict(int)
    for sku, quantity in pairs:
        sums[sku] += quantity
    return dict(sums)
