"""Promises of stock: made for orders (and, until they expire, for people at the checkout), kept by shipping."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from monolith.errors import NothingToShip, OutOfStock
from monolith.inventory.events import StockReleased, StockReserved, StockShipped
from monolith.inventory.levels import Reason, check_quantities, level, locked_items, move, moved_level, save_levels
from monolith.inventory.models import Reservation, StockItem
from strangler.outbox import publish_many

Status = Reservation.Status
BATCH = 200  # stock items, and reservations, per transaction of release_expired


def reserve(
    reference: str, quantities: Mapping[str, int], *, expires_at: datetime | None = None
) -> dict[str, Reservation]:
    """All or nothing, one warehouse per SKU; takes the place of what this reference held until an expiry.

    Raises OutOfStock naming every SKU that is short.
    """
    return _reserve(reference, quantities, instead_of=reference, expires_at=expires_at)


def claim_hold(hold_reference: str, order_number: str, quantities: Mapping[str, int]) -> dict[str, Reservation]:
    """Like `reserve`, for good, and out of what `hold_reference` holds (if anything) in the same go."""
    return _reserve(order_number, quantities, instead_of=hold_reference, expires_at=None)


@transaction.atomic
def release(reference: str) -> None:
    """Everything still promised to it; nothing is fine."""
    promised = Q(reference=reference)
    released = _active_on(locked_items(_items_of(promised)), promised)
    _end(dict.fromkeys(released, Status.RELEASED))


def release_expired() -> int:
    """Returns how many. Items somebody is working on are left for the next round, so nobody waits for this."""
    total = 0
    while released := _release_some_expired():
        total += released
    return total


@transaction.atomic
def ship(reference: str, quantities: Mapping[str, int]) -> None:
    """Reserved units leave. Of a partial shipment the shipped part becomes a fulfilled row of its own.

    Raises NothingToShip for more than is reserved.
    """
    check_quantities(quantities)
    wanted = Q(reference=reference, item__sku__in=list(quantities))
    reservations = _active_on(locked_items(_items_of(wanted)), wanted)
    shipped: Counter[StockItem] = Counter()
    split_off = []
    for reservation, quantity in _parts(reference, reservations, quantities):
        shipped[reservation.item] += quantity
        reservation.item.reserved -= quantity
        if quantity < reservation.quantity:
            split_off.append(_split(reservation, quantity))
        else:
            reservation.move_to(Status.FULFILLED)
    Reservation.objects.bulk_update(reservations, ["quantity", "status"])
    Reservation.objects.bulk_create(split_off)
    moved = move({item: -quantity for item, quantity in shipped.items()}, Reason.SHIPPED, reference)
    publish_many(
        [StockShipped(**moved_level(item, quantity, moved), reference=reference) for item, quantity in shipped.items()]
    )


@transaction.atomic
def _reserve(
    reference: str, quantities: Mapping[str, int], *, instead_of: str, expires_at: datetime | None
) -> dict[str, Reservation]:
    check_quantities(quantities)
    own = Q(reference=instead_of, expires_at__isnull=False)
    items = list(locked_items(Q(sku__in=list(quantities)) | _items_of(own)))
    # What has expired is free from that second on, whether or not the command has come round.
    ended = _active_on(items, own | _expired())
    _end({hold: Status.RELEASED if hold.reference == instead_of else Status.EXPIRED for hold in ended})
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


@transaction.atomic
def _release_some_expired() -> int:
    has_expired = Q(Exists(_active().filter(_expired(), item=OuterRef("pk"))))
    items = locked_items(has_expired, skip_locked=True)[:BATCH]
    expired = _active_on(items, _expired())[:BATCH]
    _end(dict.fromkeys(expired, Status.EXPIRED))
    return len(expired)


def _active() -> QuerySet[Reservation]:
    return Reservation.objects.filter(status=Status.ACTIVE)


def _expired() -> Q:
    return Q(expires_at__lte=timezone.now())


def _items_of(promised: Q) -> Q:
    """Looked up before they are locked: what changes in between is seen by reading again under the locks."""
    return Q(pk__in=list(_active().filter(promised).order_by().values_list("item_id", flat=True)))


def _active_on(locked: Iterable[StockItem], condition: Q) -> list[Reservation]:
    """Oldest first, bound to these very items, so that what is changed on one of them is the item that is saved."""
    items = {item.pk: item for item in locked}
    reservations = list(_active().filter(condition, item__in=list(items)).order_by("pk"))
    for reservation in reservations:
        reservation.item = items[reservation.item_id]
    return reservations


def _end(reservations: Mapping[Reservation, Status]) -> None:
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


def _split(reservation: Reservation, shipped: int) -> Reservation:
    """The row an order line points at stays the active one."""
    reservation.quantity -= shipped
    return Reservation(
        reference=reservation.reference, item=reservation.item, quantity=shipped, status=Status.FULFILLED
    )
