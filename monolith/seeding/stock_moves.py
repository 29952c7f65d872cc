"""What a batch of orders did to the stock: promised, sent out, came back, and was supplied in time."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from monolith.inventory.models import Reservation, StockItem, StockMovement
from monolith.seeding.inventory import MOVEMENT_FIELDS
from monolith.seeding.sales import Sale
from monolith.seeding.tables import copy_into, give_ids, lock

Reason, Status = StockMovement.Reason, Reservation.Status

CHANGE_ITEMS = """
    UPDATE inventory_stockitem item
    SET on_hand = item.on_hand + change.on_hand, reserved = item.reserved + change.reserved,
        updated_at = greatest(item.updated_at, change.updated_at)
    FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::timestamptz[]) change (id, on_hand, reserved, updated_at)
    WHERE item.id = change.id
"""


class Move(NamedTuple):
    item_id: int
    quantity: int
    reason: str
    reference: str
    created_at: datetime


@dataclass(slots=True)
class Change:
    updated_at: datetime
    on_hand: int = 0
    reserved: int = 0


def write_stock_moves(sales: Sequence[Sale]) -> None:
    moves = sorted([*_supplies(sales), *_shipped(sales), *_returned(sales)], key=lambda move: move.created_at)
    _change_items(sales, moves)
    _write_promises(sales)
    copy_into(StockMovement, MOVEMENT_FIELDS, moves)


def _supplies(sales: Iterable[Sale]) -> Iterator[Move]:
    """At the start of each quarter as much as will be sold in it, so that the shelf was never empty."""
    sold, since = defaultdict(int), {}
    for sale in sales:
        quarter = (sale.placed_at.year, (sale.placed_at.month - 1) // 3)
        for line in sale.lines:
            if line.promise != Status.RELEASED:
                sold[line.place.item_id, quarter] += line.quantity
                since[line.place.item_id] = line.ware.valid_from[0]
    for (item_id, (year, quarter)), quantity in sold.items():
        begin = datetime(year, quarter * 3 + 1, 1, 6, tzinfo=since[item_id].tzinfo)
        moment = max(begin, since[item_id])
        yield Move(item_id, quantity, Reason.ADJUSTED, f"supplies for {year} Q{quarter + 1}", moment)


def _shipped(sales: Iterable[Sale]) -> Iterator[Move]:
    for sale in sales:
        for parcel in sale.parcels:
            for line in parcel.lines:
                yield Move(line.place.item_id, -line.quantity, Reason.SHIPPED, sale.number, parcel.packed_at)


def _returned(sales: Iterable[Sale]) -> Iterator[Move]:
    """To the main warehouse, wherever it came from."""
    for sale in sales:
        for back, line, quantity in sale.goods_back():
            yield Move(line.ware.places[0].item_id, quantity, Reason.RETURNED, sale.number, back.closed_at)


def _change_items(sales: Iterable[Sale], moves: Iterable[Move]) -> None:
    changes: dict[int, Change] = {}
    for move in moves:
        change = changes.setdefault(move.item_id, Change(move.created_at))
        change.on_hand += move.quantity
        change.updated_at = max(change.updated_at, move.created_at)
    for sale in sales:
        for line in sale.unpacked():
            changes[line.place.item_id].reserved += line.quantity
    lock(StockItem, list(changes), order_by="sku warehouse")
    rows = [(pk, change.on_hand, change.reserved, change.updated_at) for pk, change in changes.items()]
    with connection.cursor() as cursor:
        cursor.execute(CHANGE_ITEMS, [list(column) for column in zip(*rows, strict=True)])


def _write_promises(sales: Iterable[Sale]) -> None:
    lines = [(sale, line) for sale in sales for line in sale.lines]
    give_ids(Reservation, [line for _, line in lines], "reservation_id")
    copy_into(
        Reservation,
        "id reference item quantity status created_at",
        (
            (line.reservation_id, sale.number, line.place.item_id, line.quantity, line.promise, sale.placed_at)
            for sale, line in lines
        ),
    )
