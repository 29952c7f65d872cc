"""What the inventory service tells: answers to what it was asked, levels of what it owns, and SKUs that it gives back.

The group's name is not the service's, which is "inventory" on the same broker: each hears what both publish. Their own
events, which come back to them by that, are told apart by the source of the envelope.

Each call has a transaction of its own. It locks stock items in order, as checkouts do; two calls in one transaction
would lock them in no order at all, and a customer would be the one whose request fails.
"""

from collections.abc import Sequence
from typing import TypeVar

from monolith.inventory import answers, copying, known, ownership, pursuing
from monolith.inventory.choosing import is_retired
from monolith.inventory.events import (
    StockAdjusted,
    StockChangeDone,
    StockChangeRedirected,
    StockChangeRejected,
    StockDispatched,
    StockHandedOver,
    StockLevel,
    StockReceived,
    StockReleased,
    StockReserved,
    StockReturned,
    StockShipped,
    StockTold,
)
from strangler.conf import settings
from strangler.inbox import subscribe, subscribe_batch
from strangler.messaging import Envelope, Event, incoming_messages

GROUP = "inventory-monolith"
E = TypeVar("E", bound=Event)


@subscribe(StockChangeDone, group=GROUP, alone=True)
def note_done(event: StockChangeDone) -> None:
    if foreign([event]):
        pursuing.note_done(event)


@subscribe(StockChangeRejected, group=GROUP, alone=True)
def note_rejected(event: StockChangeRejected) -> None:
    if foreign([event]):
        pursuing.note_rejected(event)


@subscribe(StockChangeRedirected, group=GROUP, alone=True)
def note_redirected(event: StockChangeRedirected) -> None:
    (answers.note_unowned if is_retired() else pursuing.note_redirected)(event)


@subscribe_batch(StockHandedOver, group=GROUP, alone=True)
def take_over(events: Sequence[StockHandedOver]) -> None:
    if given := foreign(events):
        pursuing.wake(ownership.take_over(given))


@subscribe_batch(StockTold, group=GROUP, alone=True)
def copy_told(events: Sequence[StockTold]) -> None:
    if told := foreign(events):
        copying.note_told(told)
        known.note_told(told)


@subscribe_batch(StockReserved, group=GROUP, alone=True)
def copy_reserved(events: Sequence[StockReserved]) -> None:
    _follow(foreign(events))


@subscribe_batch(StockReleased, group=GROUP, alone=True)
def copy_released(events: Sequence[StockReleased]) -> None:
    _follow(foreign(events))


@subscribe_batch(StockShipped, group=GROUP, alone=True)
def copy_shipped(events: Sequence[StockShipped]) -> None:
    _follow(foreign(events))


@subscribe_batch(StockReturned, group=GROUP, alone=True)
def copy_returned(events: Sequence[StockReturned]) -> None:
    _follow(foreign(events))


@subscribe_batch(StockAdjusted, group=GROUP, alone=True)
def copy_adjusted(events: Sequence[StockAdjusted]) -> None:
    _follow(foreign(events))


@subscribe_batch(StockDispatched, group=GROUP, alone=True)
def copy_dispatched(events: Sequence[StockDispatched]) -> None:
    _follow(foreign(events))


@subscribe_batch(StockReceived, group=GROUP, alone=True)
def copy_received(events: Sequence[StockReceived]) -> None:
    _follow(foreign(events))


def _follow(events: Sequence[StockLevel]) -> None:
    copying.follow(events)
    known.follow(events)


def foreign(events: Sequence[E]) -> list[E]:
    """Those that others have published."""
    return [event for event, message in zip(events, incoming_messages(), strict=True) if not _is_own(message)]


def _is_own(message: Envelope) -> bool:
    return message.source == f"{settings.source}/{message.event_type.partition('.')[0]}"
