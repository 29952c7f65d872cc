"""What this service would have promised, beside what the monolith did: on the same stock, a moment before its answer.

Events of one SKU come in order, and what was let go in the same transaction is told before, so a difference is one of
logic or of the copy, and none of time. What the monolith refused is told by no event, and is not compared; nor is what
it promised before the stage `shadow`, where the copy may lack what no backfill has told yet.
"""

from extracted.inventory.events import StockReserved
from extracted.inventory.levels import Stock
from extracted.inventory.models import ShadowOutcome
from extracted.inventory.reservations import choose
from extracted.inventory.selectors import mismatches
from strangler.cutover.service.comparisons import comparisons
from strangler.cutover.service.report import Compared

Cause = ShadowOutcome.Cause


def compare(stock: Stock, event: StockReserved) -> None:
    """Of orders; who is at the checkout only holds for a moment."""
    if event.expires_at is not None:
        return
    item = choose(stock.shelves(event.sku), event.quantity, {})
    ours = item.warehouse.code if item else ""
    stock.outcomes.append(
        ShadowOutcome(
            sku=event.sku,
            reference=event.reference,
            quantity=event.quantity,
            theirs=event.warehouse,
            ours=ours,
            cause=_cause(event.warehouse, ours),
        )
    )


@comparisons("reservations")
def compared() -> Compared:
    latest = mismatches().order_by("-id").values_list("id", flat=True).first() or 0
    return Compared(
        total=ShadowOutcome.objects.count(),
        mismatches=mismatches().count(),
        clean_run=ShadowOutcome.objects.filter(id__gt=latest).count(),
    )


def _cause(theirs: str, ours: str) -> ShadowOutcome.Cause:
    if theirs == ours:
        return Cause.NONE
    return Cause.ANOTHER_WAREHOUSE if ours else Cause.SHORT
