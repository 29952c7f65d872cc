from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from monolith.errors import OutOfStock
from monolith.inventory.events import StockAdjusted, StockReturned, StockTaken
from monolith.inventory.models import StockItem, StockMovement
from strangler.outbox import publish, publish_many

Reason = StockMovement.Reason


@transaction.atomic
def take_stock(order_number: str, quantities: Mapping[str, int]) -> None:
    """All or nothing. Raises OutOfStock naming every sku that is short."""
    on_hand = _locked(quantities)
    short = [
        f"{sku} (wanted {wanted}, left {_left(on_hand, sku)})"
        for sku, wanted in sorted(quantities.items())
        if wanted > _left(on_hand, sku)
    ]
    if short:
        raise OutOfStock(f"Not enough in stock: {', '.join(short)}. Lower the quantity or remove it from the cart.")
    _move(on_hand, {sku: -quantity for sku, quantity in quantities.items()}, Reason.TAKEN, order_number)
    publish_many(
        [
            StockTaken(sku=sku, quantity=quantities[sku], on_hand=item.on_hand, order_number=order_number)
            for sku, item in on_hand.items()
        ]
    )


@transaction.atomic
def return_stock(order_number: str, quantities: Mapping[str, int]) -> None:
    on_hand = _locked(quantities)
    _move(on_hand, quantities, Reason.RETURNED, order_number)
    publish_many(
        [
            StockReturned(sku=sku, quantity=quantities[sku], on_hand=item.on_hand, order_number=order_number)
            for sku, item in on_hand.items()
        ]
    )


@transaction.atomic
def adjust_stock(sku: str, *, by: int, reason: str) -> StockItem:
    """Creates the stock item on first use. Raises OutOfStock when it would go below zero."""
    StockItem.objects.get_or_create(sku=sku)
    on_hand = _locked({sku: by})
    if on_hand[sku].on_hand + by < 0:
        raise OutOfStock(f"{sku} has {on_hand[sku].on_hand} on hand; it can't be adjusted by {by}.")
    _move(on_hand, {sku: by}, Reason.ADJUSTED, reason)
    publish(StockAdjusted(sku=sku, by=by, on_hand=on_hand[sku].on_hand, reason=reason))
    return on_hand[sku]


def _locked(skus: Mapping[str, int]) -> dict[str, StockItem]:
    """Row locks taken in the order of the sku, so two orders for the same goods can't wait for each other."""
    items = StockItem.objects.select_for_update().filter(sku__in=list(skus)).order_by("sku")
    return {item.sku: item for item in items}


def _left(on_hand: Mapping[str, StockItem], sku: str) -> int:
    return on_hand[sku].on_hand if sku in on_hand else 0


def _move(on_hand: Mapping[str, StockItem], changes: Mapping[str, int], reason: Reason, reference: str) -> None:
    now = timezone.now()
    for sku, change in changes.items():
        on_hand[sku].on_hand += change
        on_hand[sku].updated_at = now
    StockItem.objects.bulk_update(on_hand.values(), ["on_hand", "updated_at"])
    StockMovement.objects.bulk_create(
        [StockMovement(sku=sku, quantity=changes[sku], reason=reason, reference=reference) for sku in on_hand]
    )
