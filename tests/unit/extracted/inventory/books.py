"""What the tables and the outbox say."""

import json
from collections import Counter
from typing import Any

from django.db.models import Sum

from extracted.inventory.models import Ownership, Reservation, StockItem, StockMovement
from strangler.outbox.models import OutboxMessage

OWN = 1_000_000_000_000


def levels() -> dict[tuple[str, str], tuple[int, int]]:
    rows = StockItem.objects.values_list("sku", "warehouse__code", "on_hand", "reserved")
    return {(sku, code): (on_hand, reserved) for sku, code, on_hand, reserved in rows}


def promised() -> dict[tuple[str, str, str], int]:
    """By reference, SKU and warehouse."""
    active = Reservation.objects.filter(status="active").values_list(
        "reference", "item__sku", "item__warehouse__code", "quantity"
    )
    units: Counter[tuple[str, str, str]] = Counter()
    for *place, quantity in active:
        units[tuple(place)] += quantity
    return dict(units)


def batons() -> dict[str, tuple[str, int]]:
    return {row.sku: (row.owner, row.epoch) for row in Ownership.objects.exclude(epoch=0)}


def published(*kinds: str) -> list[tuple[str, dict[str, Any]]]:
    """Names and data of what was published, in order; of these kinds only, if any are named."""
    rows = OutboxMessage.objects.order_by("position").values_list("type", "payload")
    found = [(name.partition(".")[2].removesuffix(".v1"), json.loads(payload)["data"]) for name, payload in rows]
    return [(name, data) for name, data in found if not kinds or name in kinds]


def answers() -> list[str]:
    """`done`, `rejected`, `redirected`, in order."""
    return [name.removeprefix("stock_change_") for name, _ in published() if name.startswith("stock_change_")]


def check_levels() -> None:
    """Nothing is promised twice, or without a promise; what is told of own stock last is what the table says."""
    units = dict(
        Reservation.objects.filter(status="active").order_by().values_list("item").annotate(units=Sum("quantity"))
    )
    for item in StockItem.objects.all():
        assert 0 <= item.reserved <= item.on_hand
        assert item.reserved == units.get(item.pk, 0), f"{item}: {units.get(item.pk, 0)} are promised"


def check_told() -> None:
    """Who follows what was told of stock that is owned here ends with the levels of the table."""
    told = {}
    for name, data in published():
        if name == "stock_handed_over":
            places = {place["warehouse"]["code"]: place for place in data["places"]}
            told |= {(data["sku"], code): (each["on_hand"], each["reserved"]) for code, each in places.items()}
        elif "on_hand" in data:
            told[data["sku"], data["warehouse"]] = (data["on_hand"], data["reserved"])
    owned = {sku for sku, (owner, _) in batons().items() if owner == "service"}
    table = levels()
    assert {place: each for place, each in told.items() if place[0] in owned} == {
        place: table[place] for place in told if place[0] in owned
    }


def own_movements() -> dict[tuple[str, str], int]:
    """What the entries made here add up to."""
    rows = StockMovement.objects.filter(id__gte=OWN).order_by().values_list("item__sku", "item__warehouse__code")
    return {(sku, code): total for sku, code, total in rows.annotate(total=Sum("quantity"))}
