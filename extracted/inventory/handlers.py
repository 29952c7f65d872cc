"""Events that come in, translated into this service's use cases.

All of them come in batches, so that what one statement can do for many is done so. What this service published itself
comes back to it, and is left alone; whose stock a SKU is says its row, and no stamp on the message.
"""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from extracted.inventory import changes, copies, moving, warehouses
from extracted.inventory.copies import Heard
from extracted.inventory.deciding import Asked
from extracted.inventory.events import (
    StockAdjusted,
    StockChangeRequested,
    StockDispatched,
    StockHandedOver,
    StockLevel,
    StockRecalled,
    StockReceived,
    StockReleased,
    StockReserved,
    StockReturned,
    StockShipped,
    StockTold,
    WarehouseChanged,
)
from strangler.conf import Stage, settings
from strangler.cutover.stages import stamped_stage
from strangler.inbox import subscribe_batch
from strangler.messaging import Envelope, Event, incoming_messages

CONTEXT = GROUP = "inventory"

E = TypeVar("E", bound=Event)


@subscribe_batch(StockReserved, group=GROUP)
def follow_reserved(events: Sequence[StockReserved]) -> None:
    _follow(events)


@subscribe_batch(StockReleased, group=GROUP)
def follow_released(events: Sequence[StockReleased]) -> None:
    _follow(events)


@subscribe_batch(StockShipped, group=GROUP)
def follow_shipped(events: Sequence[StockShipped]) -> None:
    _follow(events)


@subscribe_batch(StockReturned, group=GROUP)
def follow_returned(events: Sequence[StockReturned]) -> None:
    _follow(events)


@subscribe_batch(StockAdjusted, group=GROUP)
def follow_adjusted(events: Sequence[StockAdjusted]) -> None:
    _follow(events)


@subscribe_batch(StockDispatched, group=GROUP)
def follow_dispatched(events: Sequence[StockDispatched]) -> None:
    _follow(events)


@subscribe_batch(StockReceived, group=GROUP)
def follow_received(events: Sequence[StockReceived]) -> None:
    _follow(events)


@subscribe_batch(StockTold, group=GROUP)
def put_what_is_told(events: Sequence[StockTold]) -> None:
    if told := [event for event, _ in _of_others(events)]:
        copies.put(told)


@subscribe_batch(WarehouseChanged, group=GROUP)
def know_warehouses(events: Sequence[WarehouseChanged]) -> None:
    """Whoever owns the stock that lies there."""
    warehouses.know(event for event, _ in _of_others(events))


@subscribe_batch(StockHandedOver, group=GROUP)
def take_over(events: Sequence[StockHandedOver]) -> None:
    if given := [event for event, _ in _of_others(events)]:
        moving.take_over(given)


@subscribe_batch(StockRecalled, group=GROUP)
def hand_back(events: Sequence[StockRecalled]) -> None:
    moving.hand_back([event for event, _ in _of_others(events)])


@subscribe_batch(StockChangeRequested, group=GROUP)
def decide(events: Sequence[StockChangeRequested]) -> None:
    if asked := [Asked(event, message) for event, message in _of_others(events)]:
        changes.decide(asked)


def _follow(events: Sequence[StockLevel]) -> None:
    told = _of_others(events)
    if heard := [Heard(event, message.backfill is not None, _is_beside(message)) for event, message in told]:
        copies.follow(heard)


def _is_beside(message: Envelope) -> bool:
    """Before `shadow` the copy lacks what no backfill has told yet, and a comparison would be of no worth."""
    return stamped_stage(message, CONTEXT).stage not in {Stage.MONOLITH, Stage.EMITTING}


def _of_others(events: Sequence[E]) -> Iterator[tuple[E, Envelope]]:
    for event, message in zip(events, incoming_messages(), strict=True):
        if message.source != f"{settings.source}/{event.owner}":
            yield event, message
