"""Promises of stock: made for orders (and, until they expire, for people at the checkout), kept by shipping."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from monolith.inventory import promises
from monolith.inventory.changes import request
from monolith.inventory.levels import locked_items
from monolith.inventory.models import Change, Ownership, Reservation
from monolith.inventory.owners import elsewhere, in_changes

BATCH = 200  # stock items, and reservations, per transaction of release_expired


def reserve(
    reference: str, quantities: Mapping[str, int], *, expires_at: datetime | None = None
) -> Mapping[str, Reservation]:
    """All or nothing, one warehouse per SKU; takes the place of what this reference held until an expiry.

    Raises OutOfStock naming every SKU that is short, StockElsewhere naming those for which the service has to be asked.
    """
    return _at_once(reference, quantities, instead_of=reference, expires_at=expires_at)


def claim_hold(hold_reference: str, order_number: str, quantities: Mapping[str, int]) -> Mapping[str, Reservation]:
    """Like `reserve`, for good, and out of what `hold_reference` holds (if anything) in the same go."""
    return _at_once(order_number, quantities, instead_of=hold_reference, expires_at=None)


def release(reference: str, skus: Collection[str]) -> None:
    """Of these SKUs everything still promised to it; nothing is fine. The service is asked to release what it may have
    promised.
    """
    if skus := [sku for sku in _promised(reference) if sku in skus]:
        request("release", reference, dict.fromkeys(skus, 0))


def ship(reference: str, quantities: Mapping[str, int]) -> None:
    """Reserved units leave. Of a partial shipment the shipped part becomes a fulfilled row of its own.

    Raises NothingToShip for more than is reserved; what the service keeps, it is asked to ship.
    """
    request("ship", reference, quantities)


def release_expired() -> int:
    """Returns how many. Items somebody is working on are left for the next round, so nobody waits for this.

    Those of the service are its own business.
    """
    total = 0
    while released := _release_some_expired():
        total += released
    return total


def _at_once(
    reference: str, quantities: Mapping[str, int], *, instead_of: str, expires_at: datetime | None
) -> Mapping[str, Reservation]:
    outcome = request("reserve", reference, quantities, instead_of=instead_of, expires_at=expires_at, at_once=True)
    return outcome.reservations


def _promised(reference: str) -> list[str]:
    """SKUs promised to it here, and those that the service was asked to promise, whatever has become of it."""
    here = promises.active().filter(reference=reference).order_by().values_list("item__sku")
    asked = in_changes(Change.objects.filter(reference=reference, kind="reserve")).values_list("sku")
    return sorted(sku for (sku,) in here.union(asked))


@transaction.atomic
def _release_some_expired() -> int:
    overdue = Q(Exists(promises.active().filter(promises.expired(), item=OuterRef("pk"))))
    away = Q(Exists(Ownership.objects.filter(sku=OuterRef("sku"), owner=Ownership.Owner.SERVICE)))
    items = list(locked_items(overdue & ~away, skip_locked=True)[:BATCH])
    gone = elsewhere({item.sku for item in items})
    own = [item for item in items if item.sku not in gone]
    expired = promises.active_on(own, promises.expired())[:BATCH]
    promises.end(dict.fromkeys(expired, Reservation.Status.EXPIRED))
    return len(expired)
