"""Changes of stock as they are asked of the inventory service, and known again by their number.

From the stage `retired` on this is all that the shop does with stock: it asks, and the service decides.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from monolith.errors import NothingToShip, OutOfStock, ShopError
from monolith.inventory.events import ChangeLine, Kind, StockChangeRequested
from monolith.inventory.models import Change, Warehouse
from strangler.conf import settings
from strangler.outbox import publish

Status = Change.Status
REFUSALS: dict[str, type[ShopError]] = {"ship": NothingToShip}


@dataclass(frozen=True, slots=True)
class Wanted:
    """`quantities` by SKU: signed for "adjust", 0 for "release", which is about all that is promised."""

    kind: Kind
    reference: str
    quantities: Mapping[str, int]
    warehouse: Warehouse | None = None
    instead_of: str = ""
    expires_at: datetime | None = None
    reason: str = ""

    def of(self, skus: Iterable[str]) -> "Wanted":
        return replace(self, quantities={sku: self.quantities[sku] for sku in skus})


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether an answer is `awaited`. `warehouses` are codes by SKU, of what is done."""

    change: UUID
    awaited: bool
    warehouses: Mapping[str, str]


@transaction.atomic
def request(
    kind: Kind,
    reference: str,
    quantities: Mapping[str, int],
    *,
    instead_of: str = "",
    expires_at: datetime | None = None,
    change: UUID | None = None,
) -> Outcome:
    """Asked of the service, all of it; there is an answer to wait for.

    "reserve" takes the place of what `instead_of`, or else its own reference, holds until an expiry. With the number of
    a `change` that is known, the answer is the same again, and where none has come the question is put again, as long
    as the service remembers it.

    Raises, with a number that is known, what that change was refused for; ShopError where it is too late to ask again.
    """
    if change is not None and (known := Change.objects.filter(change=change).first()):
        return once_more(known)
    if kind in {"reserve", "ship", "take_back"}:
        check_quantities(quantities)
    if kind == "reserve":
        instead_of = instead_of or reference
    _ask_what_waits(reference)
    number = change or uuid4()
    asked = new_change(number, Wanted(kind, reference, quantities, None, instead_of, expires_at), quantities, {})
    ask(asked, number, {})
    asked.save()
    return Outcome(number, True, {})


def release(reference: str, skus: Collection[str]) -> None:
    """Of these SKUs, everything still promised to it; nothing is fine."""
    if skus:
        request("release", reference, dict.fromkeys(sorted(skus), 0))


def ship(reference: str, quantities: Mapping[str, int]) -> None:
    """What is promised to it leaves."""
    request("ship", reference, quantities)


def take_back(reference: str, quantities: Mapping[str, int]) -> None:
    """What a customer sent back goes on the shelf again, in the first warehouse."""
    request("take_back", reference, quantities)


def held(reference: str) -> dict[str, int]:
    """Units by SKU of the hold that the service has promised to `reference`, unless somebody's order has claimed it."""
    holds = Change.objects.filter(Q(reference=reference) | Q(instead_of=reference), kind="reserve", status=Status.DONE)
    latest = holds.order_by("-pk").first()
    if latest is None or latest.reference != reference or not latest.expires_at or latest.expires_at <= timezone.now():
        return {}
    return {line["sku"]: line["quantity"] for line in latest.lines}


def new_change(number: UUID, wanted: Wanted, later: Collection[str], warehouses: Mapping[str, str]) -> Change:
    """Not saved. Of all SKUs but those for `later` it is done already, in the `warehouses` with these codes."""
    place = wanted.warehouse.code if wanted.warehouse else ""
    return Change(
        change=number,
        kind=wanted.kind,
        reference=wanted.reference,
        instead_of=wanted.instead_of,
        expires_at=wanted.expires_at,
        reason=wanted.reason,
        skus=sorted(wanted.quantities),
        lines=[
            {"sku": sku, "quantity": n, "warehouse": warehouses.get(sku, place), "epoch": 0, "done": sku not in later}
            for sku, n in wanted.quantities.items()
        ],
    )


def ask(change: Change, number: UUID, epochs: Mapping[str, int]) -> None:
    """For the lines that are not done. `epochs` are those of the SKUs that have changed hands, as far as this side
    knows. To be saved by the caller.
    """
    for line in open_lines(change):
        line["epoch"] = epochs.get(line["sku"], 0)
    change.status, change.asked_as, change.due_at = Status.ASKED, number, None
    _put(change)


def once_more(known: Change) -> Outcome:
    if known.status == Status.REJECTED:
        raise REFUSALS.get(known.kind, OutOfStock)(known.answer)
    if known.status == Status.ASKED:
        _require_remembered(known)
        _put(known)
        known.save(update_fields=["attempts"])
    warehouses = {line["sku"]: line["warehouse"] for line in known.lines if line["done"]}
    return Outcome(known.change, known.status in Change.OPEN, warehouses)


def open_lines(change: Change) -> list[dict[str, Any]]:
    return [line for line in change.lines if not line["done"]]


def told_lines(lines: Iterable[Mapping[str, Any]]) -> tuple[ChangeLine, ...]:
    return tuple(ChangeLine.model_validate(line) for line in lines)


def check_quantities(quantities: Mapping[str, int]) -> None:
    wrong = [f"{quantity} x {sku}" for sku, quantity in quantities.items() if quantity < 1]
    if wrong:
        raise ShopError(f"Quantities are whole numbers from 1, not {', '.join(wrong)}.")


def _ask_what_waits(reference: str) -> None:
    """What this side was still to do for the reference, from before the service had everything: that comes first."""
    waiting = Change.objects.select_for_update().filter(reference=reference, status__in=Change.TO_DO)
    for change in waiting.order_by("pk"):
        ask(change, uuid4() if change.asked_as else change.change, {})
        change.save()


def _require_remembered(known: Change) -> None:
    """Whoever has forgotten that he did it would do it once more. Half of the time is left to the question's way."""
    if timezone.now() - known.created_at > timedelta(hours=settings.inbox_retention_hours / 2):
        raise ShopError(
            f"The inventory service was asked for this on {known.created_at:%Y-%m-%d}. That is more than half of "
            "INBOX_RETENTION_HOURS ago: it may have done it, and not know any more when it is asked again. Look there "
            f"for what is reserved for {known.reference}. A stuck saga can be compensated, but not resumed."
        )


def _put(change: Change) -> None:
    change.attempts += 1
    publish(
        StockChangeRequested(
            change=change.asked_as,
            kind=change.kind,
            reference=change.reference,
            lines=told_lines(open_lines(change)),
            instead_of=change.instead_of,
            expires_at=change.expires_at,
            reason=change.reason,
        )
    )
