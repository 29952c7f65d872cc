"""Promises of stock on items that are locked: made, ended, kept. Whose they may be is settled before, by changes.py."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from monolith.errors import NothingToShip, OutOfStock
from monolith.inventory.events import StockReleased, StockReserved, StockShipped
from monolith.inventory.levels import Reason, level, move, moved_level, save_levels
from monolith.inventory.models import Reservation, StockItem
from strangler.outbox import publish_many

Status = Reservation.Status


def make(
    items: Sequence[StockItem],
    reference: str,
    quantities: Mapping[str, int],
    *,
    instead_of: str,
    expires_at: datetime | None,
) -> dict[str, Reservation]:
    """All or nothing, one warehouse per SKU. `items` are all that there are of these SKUs, and those with its holds.

    Raises OutOfStock naming every SKU that is short.
    """
    # What has expired is free from that second on, whether or not the command has come round.
    ended = active_on(items, holds_of(instead_of) | expired())
    end({hold: Status.RELEASED if hold.reference == instead_of else Status.EXPIRED for hold in ended})
    made = {
        sku: Reservation(reference=reference, item=item, quantity=quantities[sku], expires_at=expires_at)
        for sku, item in _chosen(items, quantities).items()
    }
    for reservation in made.values():
        reservation.item.reserved += reservation.quantity
    Reservation.objects.bulk_create(made.values())
    save_levels(reservation.item for reservation in made.values())
    publish_many(
        [
            StockReserved(**level(made[sku].item, made[sku].quantity), reference=reference, expires_at=expires_at)
            for sku in made
        ]
    )
    return made


def keep(items: Iterable[StockItem], reference: str, quantities: Mapping[str, int]) -> dict[str, StockItem]:
    """Reserved units leave. Of a partial shipment the shipped part becomes a fulfilled row of its own.

    Returns the item that each SKU came from; of several, the last. Raises NothingToShip for more than is reserved.
    """
    reservations = active_on(items, Q(reference=reference, item__sku__in=list(quantities)))
    shipped: Counter[StockItem] = Counter()
    split_off = []
    for reservation, quantity in _parts(reference, reservations, quantities):
        shipped[reservation.item] += quantity
        reservation.item.reserved -= quantity
        if quantity < reservation.quantity:
            split_off.append(split(reservation, quantity, Status.FULFILLED))
        else:
            reservation.move_to(Status.FULFILLED)
    Reservation.objects.bulk_update(reservations, ["quantity", "status"])
    Reservation.objects.bulk_create(split_off)
    moved = move({item: -quantity for item, quantity in shipped.items()}, Reason.SHIPPED, reference)
    publish_many(
        [StockShipped(**moved_level(item, quantity, moved), reference=reference) for item, quantity in shipped.items()]
    )
    return {item.sku: item for item in shipped}


def active() -> QuerySet[Reservation]:
    return Reservation.objects.filter(status=Status.ACTIVE)


def held(reference: str) -> dict[str, int]:
    """Units by SKU that are promised to it."""
    units: Counter[str] = Counter()
    for sku, quantity in active().filter(reference=reference).values_list("item__sku", "quantity"):
        units[sku] += quantity
    return dict(units)


def expired() -> Q:
    return Q(expires_at__lte=timezone.now())


def holds_of(reference: str) -> Q:
    return Q(reference=reference, expires_at__isnull=False)


def active_on(locked: Iterable[StockItem], condition: Q) -> list[Reservation]:
    """Oldest first, bound to these very items, so that what is changed on one of them is the item that is saved."""
    items = {item.pk: item for item in locked}
    reservations = list(active().filter(condition, item__in=list(items)).order_by("pk"))
    for reservation in reservations:
        reservation.item = items[reservation.item_id]
    return reservations


def end(reservations: Mapping[Reservation, Status]) -> None:
    """Ends promises without a delivery: their units are free again."""
    events = []
    for reservation, status in reservations.items():
        reservation.move_to(status)
        reservation.item.reserved -= reservation.quantity
        events.append(
            StockReleased(
                **level(reservation.item, reservation.quantity),
                reference=reservation.reference,
                expired=status == Status.EXPIRED,
            )
        )
    Reservation.objects.bulk_update(reservations, ["status"])
    save_levels({reservation.item for reservation in reservations})
    publish_many(events)


def _chosen(items: Iterable[StockItem], quantities: Mapping[str, int]) -> dict[str, StockItem]:
    """Per SKU the first active warehouse that has all of it. Raises OutOfStock."""
    shelves = defaultdict(list)
    for item in sorted(items, key=lambda item: (item.warehouse.priority, item.warehouse.code)):
        if item.warehouse.active:
            shelves[item.sku].append(item)
    chosen, short = {}, []
    for sku, wanted in sorted(quantities.items()):
        item = next((item for item in shelves[sku] if item.available >= wanted), None)
        if item:
            chosen[sku] = item
        else:
            short.append(f"{sku} (wanted {wanted}, left {max((i.available for i in shelves[sku]), default=0)})")
    if short:
        raise OutOfStock(f"Not enough in stock: {', '.join(short)}. Lower the quantity or remove it from the cart.")
    return chosen


def _parts(
    reference: str, reservations: Iterable[Reservation], quantities: Mapping[str, int]
) -> Iterator[tuple[Reservation, int]]:
    """How much of which reservation leaves. Raises NothingToShip."""
    left = dict(quantities)
    for reservation in reservations:
        quantity = min(left[reservation.item.sku], reservation.quantity)
        left[reservation.item.sku] -= quantity
        if quantity:
            yield reservation, quantity
    missing = [f"{n} of {quantities[sku]} x {sku}" for sku, n in sorted(left.items()) if n]
    if missing:
        raise NothingToShip(
            f"{reference} has nothing reserved for {', '.join(missing)}: shipped already, or cancelled?"
        )


def split(reservation: Reservation, units: int, status: Status) -> Reservation:
    """The row an order line points at stays the active one."""
    reservation.quantity -= units
    return Reservation(reference=reservation.reference, item=reservation.item, quantity=units, status=status)
