"""The use cases of the stock, in one place for whoever calls them."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction

from extracted.inventory import ownership
from extracted.inventory.changes import decide_overdue, do_now
from extracted.inventory.events import ChangeLine, StockChangeRequested, StockTold
from extracted.inventory.models import StockItem
from extracted.inventory.reservations import release_expired
from extracted.inventory.states import states
from extracted.inventory.transfers import cancel_transfer, dispatch_transfer, plan_transfer, receive_transfer
from strangler.outbox import publish_many

__all__ = [
    "adjust_stock",
    "cancel_transfer",
    "decide_overdue",
    "dispatch_transfer",
    "hold",
    "plan_transfer",
    "receive_transfer",
    "release_expired",
    "set_reorder_level",
]


def adjust_stock(sku: str, *, by: int, reason: str, warehouse: str = "", change: UUID | None = None) -> ChangeLine:
    """In the first active warehouse where none is named. Under one `change` it is done once.

    Raises NotTheOwner, ChangedMeanwhile, and OutOfStock where fewer units would be left than are reserved.
    """
    line = ChangeLine(sku=sku, quantity=by, warehouse=warehouse, epoch=0)
    request = {"change": change or uuid4(), "kind": "adjust", "reference": f"stock:{sku}"[:40], "lines": (line,)}
    return do_now(StockChangeRequested(**request, reason=reason))[0]


def hold(
    reference: str, quantities: Mapping[str, int], *, expires_at: datetime, change: UUID | None = None
) -> list[ChangeLine]:
    """For somebody at the checkout, all or nothing, in place of what the reference held before.

    Raises NotTheOwner, ChangedMeanwhile, and OutOfStock naming every SKU that is short.
    """
    lines = tuple(ChangeLine(sku=sku, quantity=quantity, epoch=0) for sku, quantity in quantities.items())
    request = {"change": change or uuid4(), "kind": "reserve", "reference": reference, "lines": lines}
    return do_now(StockChangeRequested(**request, expires_at=expires_at))


@transaction.atomic
def set_reorder_level(sku: str, level: int, *, warehouse: str) -> None:
    """At or below which units are to be ordered. No event of a level tells it, so the whole SKU is told again.

    Raises NotTheOwner.
    """
    ownership.require(ownership.hold([sku]).values())
    StockItem.objects.filter(sku=sku, warehouse__code=warehouse).update(reorder_level=level)
    publish_many([StockTold(**state) for state in states([sku]).values()])
