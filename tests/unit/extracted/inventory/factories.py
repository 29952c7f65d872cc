"""What the monolith tells and asks, as its relay delivers it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID, uuid4

from extracted.inventory import events
from extracted.inventory.events import ChangeLine, Promise, StockPlace, WarehouseTold
from strangler.brokers import Delivery
from strangler.inbox.incoming import Incoming, read
from strangler.messaging import Event
from strangler.messaging.sealing import Sealer

AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
PRIORITIES = {"NEAR": 1, "FAR": 2}
Levels = Mapping[str, tuple[int, int]]
"""By warehouse: on hand, reserved."""


def warehouse(code: str, **changes: object) -> WarehouseTold:
    told = {"code": code, "name": code.title(), "country": "DE", "priority": PRIORITIES.get(code, 9), "active": True}
    return WarehouseTold(**{**told, **changes})


def changed(code: str, revision: int, **changes: object) -> events.WarehouseChanged:
    return events.WarehouseChanged(**{**warehouse(code).model_dump(), **changes, "revision": revision})


def promise(reference: str, quantity: int, place: str = "NEAR", expires_at: datetime | None = None) -> Promise:
    return Promise(reference=reference, warehouse=place, quantity=quantity, expires_at=expires_at)


def state(sku: str, levels: Levels, promises: tuple[Promise, ...] = ()) -> dict[str, object]:
    places = tuple(
        StockPlace(warehouse=warehouse(code), on_hand=on_hand, reserved=reserved, reorder_level=5)
        for code, (on_hand, reserved) in levels.items()
    )
    return {"sku": sku, "places": places, "promises": promises}


def told(sku: str = "MUG", levels: Levels = {"NEAR": (10, 0)}, *promises: Promise) -> events.StockTold:  # noqa: B006
    return events.StockTold(**state(sku, levels, promises))


def handed_over(
    sku: str = "MUG",
    levels: Levels = {"NEAR": (10, 0)},  # noqa: B006
    *promises: Promise,
    epoch: int = 1,
) -> events.StockHandedOver:
    return events.StockHandedOver(**state(sku, levels, promises), to="service", epoch=epoch)


def recalled(sku: str = "MUG", epoch: int = 1) -> events.StockRecalled:
    return events.StockRecalled(sku=sku, epoch=epoch)


def requested(
    kind: str,
    reference: str,
    *lines: ChangeLine,
    change: UUID | None = None,
    epoch: int = 1,
    **more: object,
) -> events.StockChangeRequested:
    """Lines are made of `skus={"MUG": 2}`, too."""
    skus = more.pop("skus", {})
    lines += tuple(ChangeLine(sku=sku, quantity=quantity, epoch=epoch) for sku, quantity in skus.items())
    asked = {"change": change or uuid4(), "kind": kind, "reference": reference, "lines": lines}
    return events.StockChangeRequested(**asked, **more)


def level(sku: str, place: str, quantity: int, levels: tuple[int, int]) -> dict[str, object]:
    on_hand, reserved = levels
    return {"sku": sku, "warehouse": place, "quantity": quantity, "on_hand": on_hand, "reserved": reserved}


def reserved(
    reference: str,
    quantity: int,
    levels: tuple[int, int],
    *,
    sku: str = "MUG",
    place: str = "NEAR",
    expires_at: datetime | None = None,
) -> events.StockReserved:
    told = level(sku, place, quantity, levels)
    return events.StockReserved(**told, reference=reference, expires_at=expires_at)


def released(
    reference: str, quantity: int, levels: tuple[int, int], *, sku: str = "MUG", place: str = "NEAR", expired=False
) -> events.StockReleased:
    return events.StockReleased(**level(sku, place, quantity, levels), reference=reference, expired=expired)


def shipped(
    reference: str, quantity: int, levels: tuple[int, int], movement: int = 1, *, sku: str = "MUG", place: str = "NEAR"
) -> events.StockShipped:
    return events.StockShipped(**moved(sku, place, quantity, levels, movement), reference=reference)


def adjusted(
    by: int, levels: tuple[int, int], movement: int = 1, *, sku: str = "MUG", place: str = "NEAR"
) -> events.StockAdjusted:
    return events.StockAdjusted(**moved(sku, place, by, levels, movement), reason="counted")


def moved(sku: str, place: str, quantity: int, levels: tuple[int, int], movement: int) -> dict[str, object]:
    return {**level(sku, place, quantity, levels), "movement": movement, "moved_at": AT}


def message(
    event: Event, *, source: str = "shop", again: bool = False, redelivered: bool = False, stage: str = "shadow"
) -> Incoming:
    """`again`: told to the service's group alone, as a backfill does."""
    text = Sealer(source, f"inventory={stage}", backfill="inventory" if again else None).seal(event).text
    return delivered(text, redelivered=redelivered)


def delivered(body: str, *, redelivered: bool = False) -> Incoming:
    return read(Delivery(body.encode(), redelivered=redelivered, tag=None))
