"""The one door through which stock is changed: what is this side's own is done at once, the rest is asked for.

Locks come in one order: stock items, and only then the row of a change.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from monolith.errors import StockElsewhere
from monolith.inventory import levels, promises
from monolith.inventory.asking import Outcome, Wanted, ask, check_quantities, new_change, once_more
from monolith.inventory.events import Kind
from monolith.inventory.levels import locked_items, locked_items_in
from monolith.inventory.models import Change, Reservation, StockItem, Warehouse
from monolith.inventory.owners import Standing, standing


@dataclass(frozen=True, slots=True)
class Done(Outcome):
    """What was done just now comes with its rows: `items` by SKU, and of a "reserve" the `reservations`."""

    items: Mapping[str, StockItem] = field(default_factory=dict)
    reservations: Mapping[str, Reservation] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ground:
    """What a change stands on: this side's items, locked, and how things stand with all others."""

    items: list[StockItem]
    others: frozenset[str]  # SKUs of items that are locked, but not this side's
    standing: Standing


@transaction.atomic
def request(
    kind: Kind,
    reference: str,
    quantities: Mapping[str, int],
    *,
    warehouse: Warehouse | None = None,
    instead_of: str = "",
    expires_at: datetime | None = None,
    reason: str = "",
    change: UUID | None = None,
    at_once: bool = False,
) -> Outcome:
    """What this side owns is done now, all of it or nothing; for the rest the service is asked by an event.

    "reserve" takes the place of what `instead_of`, or else its own reference, holds until an expiry; "take_back" and
    "adjust" name a `warehouse`. With the number of a `change` that is known, the answer is the same again, and where
    none has come the question is put again, as long as the service remembers it (else ShopError). `at_once` refuses
    what would have to wait for an answer.

    Raises OutOfStock naming every SKU of this side's that is short, NothingToShip, and StockElsewhere for `at_once`.
    """
    if change is not None and (known := Change.objects.filter(change=change).first()):
        return once_more(known)
    if kind in {"reserve", "ship", "take_back"}:
        check_quantities(quantities)
    if kind == "reserve":
        instead_of = instead_of or reference
    wanted = Wanted(kind, reference, quantities, warehouse, instead_of, expires_at, reason)
    return _carry_out(wanted, change or uuid4(), at_once=at_once)


def _carry_out(wanted: Wanted, number: UUID, *, at_once: bool) -> Outcome:
    ground = locked_for(wanted)
    later = [sku for sku in wanted.quantities if ground.standing.keeps_off(sku)]
    if later and at_once:
        raise StockElsewhere(_not_at_once(later))
    items, reservations = do(wanted.of(sku for sku in wanted.quantities if sku not in later), ground)
    warehouses = {sku: item.warehouse.code for sku, item in items.items()}
    if later:
        record(number, wanted, later, warehouses, ground.standing)
    else:
        let_go_elsewhere(wanted, ground)
    return Done(number, bool(later), warehouses, items, reservations)


def locked_for(wanted: Wanted, *, before: int | None = None) -> Ground:
    """Locks first, then looks whose they are."""
    skus = list(wanted.quantities)
    if wanted.warehouse:
        items = list(locked_items_in(wanted.warehouse, skus).values())
    elif wanted.kind == "reserve":
        held = promises.active().filter(promises.holds_of(wanted.instead_of)).order_by()
        # Looked up before they are locked: what changes in between is seen by reading again under the locks.
        items = list(locked_items(Q(sku__in=skus) | Q(pk__in=list(held.values_list("item_id", flat=True)))))
    else:
        items = list(locked_items(Q(sku__in=skus)))
    found = standing({*skus, *(item.sku for item in items)}, wanted.reference, before=before)
    own = [item for item in items if not found.keeps_off(item.sku)]
    return Ground(own, frozenset(item.sku for item in items if item.sku in found.elsewhere), found)


def do(wanted: Wanted, ground: Ground) -> tuple[dict[str, StockItem], dict[str, Reservation]]:
    """By this side, which owns all of it. Returns the items that were changed, and what was promised, by SKU."""
    items, quantities = ground.items, wanted.quantities
    if wanted.kind == "reserve":
        made = promises.make(
            items, wanted.reference, quantities, instead_of=wanted.instead_of, expires_at=wanted.expires_at
        )
        return {sku: reservation.item for sku, reservation in made.items()}, made
    if not quantities:
        return {}, {}
    if wanted.kind == "release":
        released = promises.active_on(items, Q(reference=wanted.reference))
        promises.end(dict.fromkeys(released, Reservation.Status.RELEASED))
        return {reservation.item.sku: reservation.item for reservation in released}, {}
    if wanted.kind == "ship":
        return promises.keep(items, wanted.reference, quantities), {}
    places = {item.sku: item for item in items}
    if wanted.kind == "take_back":
        levels.put_back(places, quantities, wanted.reference)
    else:
        levels.adjust(places, quantities, wanted.reason)
    return places, {}


def let_go_elsewhere(wanted: Wanted, ground: Ground) -> None:
    """Of the hold whose place is taken, what the service keeps: it is not asked for anything else, so for this."""
    if wanted.kind == "reserve" and (held := ground.others.difference(wanted.quantities)):
        request("release", wanted.instead_of, dict.fromkeys(sorted(held), 0))


def record(number: UUID, wanted: Wanted, later: list[str], warehouses: Mapping[str, str], found: Standing) -> Change:
    """A change that is not done at once: asked of the service, unless an earlier one of its reference comes first."""
    change = new_change(number, wanted, later, warehouses)
    if found.unsettled.intersection(later):
        change.status, change.due_at = Change.Status.WAITING, timezone.now()
    else:
        ask(change, number, found.elsewhere)
    change.save()
    return change


def _not_at_once(skus: Iterable[str]) -> str:
    return (
        f"The stock of {', '.join(sorted(skus))} is kept by the inventory service, which has to be asked first. "
        "Nothing was changed: try again later, or without it."
    )
