"""What must hold of the stock after anything that anybody does."""

import json

from django.db.models import Sum

from monolith.inventory.models import Ownership, Reservation, StockItem, StockMovement
from strangler.outbox.models import OutboxMessage


def check_books() -> None:
    check_levels()
    check_events()


def check_levels() -> None:
    """Where the stock has moved between the sides, a test may have told of levels without their entries."""
    moved = dict(StockMovement.objects.order_by().values_list("item").annotate(Sum("quantity")))
    active = Reservation.objects.filter(status=Reservation.Status.ACTIVE).order_by()
    promised = dict(active.values_list("item").annotate(Sum("quantity")))
    travelled = set(Ownership.objects.values_list("sku", flat=True))
    for item in StockItem.objects.select_related("warehouse"):
        assert 0 <= item.reserved <= item.on_hand
        assert item.sku in travelled or item.on_hand == moved.get(item.pk, 0), (
            f"{item}: the ledger says {moved.get(item.pk, 0)}"
        )
        assert item.reserved == promised.get(item.pk, 0), f"{item}: {promised.get(item.pk, 0)} are promised"


def check_events() -> None:
    """Who follows the events of a SKU in their order ends with the levels of the table."""
    told = {}
    for payload in OutboxMessage.objects.order_by("position").values_list("payload", flat=True):
        data = json.loads(payload)["data"]
        if "on_hand" in data:
            told[data["sku"], data["warehouse"]] = (data["on_hand"], data["reserved"])
    rows = StockItem.objects.values_list("sku", "warehouse__code", "on_hand", "reserved")
    table = {(sku, warehouse): (on_hand, reserved) for sku, warehouse, on_hand, reserved in rows}
    travelled = set(Ownership.objects.values_list("sku", flat=True))
    told = {place: levels for place, levels in told.items() if place[0] not in travelled}
    assert told == {place: table[place] for place in told}
