"""Warehouses, what lies in them, and the transfers that brought a part of it there."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from monolith.inventory.models import StockItem, StockMovement, Transfer, TransferLine, Warehouse
from monolith.seeding.catalog import NewProduct, NewVariant
from monolith.seeding.history import DAY, History, spread
from monolith.seeding.tables import copy_into, give_ids

Reason, Status = StockMovement.Reason, Transfer.Status

MAIN = "MAIN"
WAREHOUSES = (
    {"code": MAIN, "name": "Main warehouse, Hannover", "country": "DE", "priority": 10},
    {"code": "NORTH", "name": "North warehouse, Hamburg", "country": "DE", "priority": 20},
    {"code": "SOUTH", "name": "South warehouse, Salzburg", "country": "AT", "priority": 30},
)
BRANCHES = {"NORTH": 3, "SOUTH": 5}  # each also has the products whose number is divisible by this
LINES_PER_TRANSFER = 10
MOVED = (Status.DISPATCHED, Status.RECEIVED)
MOVEMENT_FIELDS = "item quantity reason reference created_at"


class Movement(NamedTuple):
    quantity: int
    reason: str
    reference: str
    created_at: datetime


@dataclass(slots=True)
class NewItem:
    sku: str
    warehouse_id: int
    reorder_level: int
    since: datetime
    movements: list[Movement] = field(default_factory=list)
    id: int = 0

    @property
    def on_hand(self) -> int:
        return sum(movement.quantity for movement in self.movements)

    @property
    def updated_at(self) -> datetime:
        return max((movement.created_at for movement in self.movements), default=self.since)


@dataclass(slots=True)
class NewTransfer:
    number: str
    destination: str  # its source is the main warehouse
    status: str
    quantities: dict[str, int]
    created_at: datetime
    dispatched_at: datetime | None = None
    received_at: datetime | None = None
    id: int = 0


def warehouses() -> dict[str, int]:
    """Ids by code; makes those that are missing and leaves the others as they are."""
    Warehouse.objects.bulk_create([Warehouse(**values) for values in WAREHOUSES], ignore_conflicts=True)
    codes = [values["code"] for values in WAREHOUSES]
    return dict(Warehouse.objects.filter(code__in=codes).values_list("code", "id"))


def add_stock(products: Sequence[NewProduct], stock: int, history: History) -> None:
    """`stock` units of each variant in the main warehouse, and some more of a few elsewhere."""
    ids = warehouses()
    items = _new_items([variant for product in products for variant in product.variants], ids)
    transfers = list(_transfers(items, stock, history)) if stock // 5 else []
    for transfer in transfers:
        _move(transfer, items)
    for (_, code), item in items.items():
        if code == MAIN and stock:
            sent = -sum(movement.quantity for movement in item.movements)
            item.movements.insert(0, Movement(stock + sent, Reason.ADJUSTED, "opening stock", item.since))
    _write_items(list(items.values()))
    _write_transfers(transfers, ids)


def _new_items(variants: Iterable[NewVariant], ids: dict[str, int]) -> dict[tuple[str, str], NewItem]:
    wanted = {
        (variant.sku, code): NewItem(variant.sku, ids[code], 5 if code == MAIN else 10, variant.since)
        for variant in variants
        for code in (MAIN, *(code for code, every in BRANCHES.items() if variant.number % every == 0))
    }
    known = set(StockItem.objects.filter(sku__in={sku for sku, _ in wanted}).values_list("sku", "warehouse__code"))
    return {place: item for place, item in wanted.items() if place not in known}


def _transfers(items: dict[tuple[str, str], NewItem], stock: int, history: History) -> Iterator[NewTransfer]:
    for branch in BRANCHES:
        skus = [sku for sku, code in items if code == branch and (sku, MAIN) in items]
        for start in range(0, len(skus), LINES_PER_TRANSFER):
            some = skus[start : start + LINES_PER_TRANSFER]
            since = max(items[sku, MAIN].since for sku in some)
            yield _transfer(branch, some, since, stock, history)


def _transfer(branch: str, skus: Sequence[str], since: datetime, stock: int, history: History) -> NewTransfer:
    """Old ones have arrived or were cancelled; those of the last days are planned or on the road."""
    dice, until = history.dice("transfer", branch, skus[0]), history.until
    status = dice.choices((Status.RECEIVED, Status.DISPATCHED, Status.PLANNED, Status.CANCELLED), (75, 10, 8, 7))[0]
    start, end = {
        Status.DISPATCHED: (until - 5 * DAY, until - 2 * DAY),
        Status.PLANNED: (until - 2 * DAY, until),
    }.get(status, (since, until - 6 * DAY))
    transfer = NewTransfer(
        number=f"T-{dice.getrandbits(40):010X}",
        destination=branch,
        status=status,
        quantities={sku: dice.randint(1, stock // 5) for sku in skus},
        created_at=history.between(dice, start, end),
    )
    if status in MOVED:
        transfer.dispatched_at = transfer.created_at + spread(dice, 4, 30)
    if status == Status.RECEIVED:
        transfer.received_at = transfer.dispatched_at + spread(dice, 20, 72)
    return transfer


def _move(transfer: NewTransfer, items: dict[tuple[str, str], NewItem]) -> None:
    for sku, quantity in transfer.quantities.items():
        for warehouse, units, moment in (
            (MAIN, -quantity, transfer.dispatched_at),
            (transfer.destination, quantity, transfer.received_at),
        ):
            if moment:
                items[sku, warehouse].movements.append(Movement(units, Reason.TRANSFERRED, transfer.number, moment))


def _write_items(items: Sequence[NewItem]) -> None:
    give_ids(StockItem, items)
    copy_into(
        StockItem,
        "id warehouse sku on_hand reserved reorder_level updated_at",
        ((i.id, i.warehouse_id, i.sku, i.on_hand, 0, i.reorder_level, i.updated_at) for i in items),
    )
    movements = [(item.id, *movement) for item in items for movement in item.movements]
    copy_into(StockMovement, MOVEMENT_FIELDS, sorted(movements, key=lambda row: row[-1]))


def _write_transfers(transfers: Sequence[NewTransfer], ids: dict[str, int]) -> None:
    give_ids(Transfer, transfers)
    source = ids[MAIN]
    copy_into(
        Transfer,
        "id number source destination status created_at dispatched_at received_at",
        (
            (t.id, t.number, source, ids[t.destination], t.status, t.created_at, t.dispatched_at, t.received_at)
            for t in transfers
        ),
    )
    lines = ((t.id, sku, quantity) for t in transfers for sku, quantity in t.quantities.items())
    copy_into(TransferLine, "transfer sku quantity", lines)
