"""Promises of stock: made for orders (and, until they expire, for people at the checkout), kept by shipping.

Each function changes all of it or, where it raises, nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from extracted.inventory.errors import InventoryError, NothingToShip, OutOfStock
from extracted.inventory.events import StockReleased, StockReserved, StockShipped
from extracted.inventory.levels import Reason, Status, Stock, expired, locked
from extracted.inventory.models import Reservation, StockItem
from extracted.inventory.selectors import owned_here
from strangler.outbox import publish_many

BATCH = 200  # SKUs per transaction of release_expired

Portion = tuple[str, str, int]
"""SKU, warehouse, units."""


def reserve(
    stock: Stock, reference: str, quantities: Mapping[str, int], *, instead_of: str, expires_at: datetime | None
) -> list[Portion]:
    """All or nothing, one warehouse per SKU, out of what `instead_of` holds until an expiry, and of what has expired.

    Raises OutOfStock naming every SKU that is short.
    """
    check_quantities(quantities)
    now = timezone.now()
    ended = [each for each in stock.promises if _makes_way(each, instead_of, now) and stock.owns(each.item.sku)]
    chosen = _chosen(stock, quantities, ended)
    for promise in ended:
        let_go(stock, promise, Status.RELEASED if promise.reference == instead_of else Status.EXPIRED)
    for sku, item in chosen.items():
        item.reserved += quantities[sku]
        stock.promise(stock.touch(item), reference, quantities[sku], expires_at)
        stock.tell(StockReserved, item, quantities[sku], reference=reference, expires_at=expires_at)
    return [(sku, item.warehouse.code, quantities[sku]) for sku, item in chosen.items()]


def release(stock: Stock, reference: str, wanted: Mapping[str, int]) -> list[Portion]:
    """Of each SKU so many units, or with 0 all that is promised; less, or nothing, is fine."""
    if wrong := [f"{quantity} x {sku}" for sku, quantity in wanted.items() if quantity < 0]:
        raise InventoryError(f"Releasing takes quantities from 1, or 0 for all, not {', '.join(wrong)}.")
    released = []
    for sku, quantity in wanted.items():
        for promise, part in _parts(stock.promised(reference, sku), quantity or None):
            let_go(stock, promise, Status.RELEASED, part)
            released.append((sku, promise.item.warehouse.code, part))
    return released


def ship(stock: Stock, reference: str, quantities: Mapping[str, int]) -> list[Portion]:
    """Reserved units leave, those promised first before others. Raises NothingToShip for more than is promised."""
    check_quantities(quantities)
    promised = {sku: stock.promised(reference, sku) for sku in quantities}
    left = {sku: n - sum(each.quantity for each in promised[sku]) for sku, n in quantities.items()}
    if missing := [f"{n} of {quantities[sku]} x {sku}" for sku, n in sorted(left.items()) if n > 0]:
        raise NothingToShip(
            f"{reference} has nothing reserved for {', '.join(missing)}: shipped already, or cancelled?"
        )
    shipped: dict[tuple[str, str], int] = {}
    for sku, quantity in quantities.items():
        for promise, part in _parts(promised[sku], quantity):
            promise.item.reserved -= stock.end(promise, Status.FULFILLED, part)
            place = sku, promise.item.warehouse.code
            shipped[place] = shipped.get(place, 0) + part
    for place, quantity in shipped.items():
        item = stock.items[place]
        movement = stock.move(item, -quantity, Reason.SHIPPED, reference)
        stock.tell(StockShipped, item, quantity, movement=movement, reference=reference)
    return [(sku, code, quantity) for (sku, code), quantity in shipped.items()]


def let_go(stock: Stock, promise: Reservation, status: Status, quantity: int | None = None) -> None:
    """Ends a promise, or a part of it, without a delivery: its units are free again."""
    item, reference = promise.item, promise.reference
    ended = stock.end(promise, status, quantity)
    item.reserved -= ended
    stock.touch(item)
    stock.tell(StockReleased, item, ended, reference=reference, expired=status == Status.EXPIRED)


def choose(shelves: Iterable[StockItem], wanted: int, freed: Mapping[int, int]) -> StockItem | None:
    """The first that has all of it; `freed` are units by `id()` of the item that will be free."""
    return next((item for item in shelves if item.available + freed.get(id(item), 0) >= wanted), None)


def release_expired() -> int:
    """Of SKUs that are owned here; returns how many promises. What somebody works on is left for the next round."""
    total = 0
    while released := _release_some_expired():
        total += released
    return total


@transaction.atomic
def _release_some_expired() -> int:
    due = Reservation.objects.filter(expired(), status=Status.ACTIVE).values("item__sku")
    free = owned_here().filter(sku__in=due).order_by("sku").select_for_update(no_key=True, skip_locked=True)
    stock = locked([baton.sku for baton in free[:BATCH]])
    ended = [each for each in stock.promises if stock.owns(each.item.sku)]
    for promise in ended:
        let_go(stock, promise, Status.EXPIRED)
    stock.save()
    publish_many([each.made() for each in stock.telling])
    return len(ended)


def check_quantities(quantities: Mapping[str, int]) -> None:
    if wrong := [f"{quantity} x {sku}" for sku, quantity in quantities.items() if quantity < 1]:
        raise InventoryError(f"Quantities are whole numbers from 1, not {', '.join(wrong)}.")


def _makes_way(promise: Reservation, instead_of: str, now: datetime) -> bool:
    if promise.expires_at is None:
        return False
    return promise.reference == instead_of or promise.expires_at <= now


def _chosen(stock: Stock, quantities: Mapping[str, int], ended: Iterable[Reservation]) -> dict[str, StockItem]:
    """Per SKU the first active warehouse that has all of it. Raises OutOfStock."""
    freed: dict[int, int] = {}
    for promise in ended:
        freed[id(promise.item)] = freed.get(id(promise.item), 0) + promise.quantity
    chosen, short = {}, []
    for sku, wanted in sorted(quantities.items()):
        shelves = stock.shelves(sku)
        if item := choose(shelves, wanted, freed):
            chosen[sku] = item
        else:
            left = max((item.available + freed.get(id(item), 0) for item in shelves), default=0)
            short.append(f"{sku} (wanted {wanted}, left {left})")
    if short:
        raise OutOfStock(f"Not enough in stock: {', '.join(short)}. Lower the quantity or remove it from the cart.")
    return chosen


def _parts(promises: Sequence[Reservation], wanted: int | None) -> list[tuple[Reservation, int]]:
    """How much of which promise, oldest first; with None, all."""
    parts, left = [], sum(each.quantity for each in promises) if wanted is None else wanted
    for promise in promises:
        part = min(left, promise.quantity)
        left -= part
        if part:
            parts.append((promise, part))
    return parts
