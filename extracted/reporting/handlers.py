"""Events of the shop, translated into what a figure depends on.

At every stage: a read model learns from all events long before anybody asks it, so no stamp is looked at. Those of
orders and stock come in thousands and are taken together; names change seldom, and need the time of their message.
"""

from collections.abc import Sequence

from django.conf import settings

from extracted.reporting import services
from extracted.reporting.events import (
    AboutACustomer,
    AboutAProduct,
    CustomerChanged,
    CustomerRegistered,
    OrderCancelled,
    OrderPlaced,
    OrderRefunded,
    ProductChanged,
    ProductPublished,
    ReturnReceived,
    StockAdjusted,
    StockDispatched,
    StockMoved,
    StockReceived,
    StockReturned,
    StockShipped,
)
from extracted.reporting.facts import Movement
from extracted.reporting.models.generations import group_of
from strangler.inbox import subscribe, subscribe_batch
from strangler.messaging import incoming_message

GENERATION: int = settings.REPORTING_GENERATION
GROUP = group_of(GENERATION)


@subscribe_batch(OrderPlaced, group=GROUP)
def count_placed(events: Sequence[OrderPlaced]) -> None:
    services.orders_placed(GENERATION, events)


@subscribe_batch(OrderCancelled, group=GROUP)
def take_out_cancelled(events: Sequence[OrderCancelled]) -> None:
    services.orders_cancelled(GENERATION, events)


@subscribe_batch(OrderRefunded, group=GROUP)
def take_out_refunded(events: Sequence[OrderRefunded]) -> None:
    services.orders_refunded(GENERATION, events)


@subscribe_batch(ReturnReceived, group=GROUP)
def note_returns(events: Sequence[ReturnReceived]) -> None:
    services.returns_received(GENERATION, events)


@subscribe_batch(StockShipped, group=GROUP)
def count_shipped(events: Sequence[StockShipped]) -> None:
    _count_moved(events, "shipped", sign=-1)


@subscribe_batch(StockReturned, group=GROUP)
def count_returned(events: Sequence[StockReturned]) -> None:
    _count_moved(events, "returned")


@subscribe_batch(StockAdjusted, group=GROUP)
def count_adjusted(events: Sequence[StockAdjusted]) -> None:
    _count_moved(events, "adjusted")


@subscribe_batch(StockDispatched, group=GROUP)
def count_dispatched(events: Sequence[StockDispatched]) -> None:
    _count_moved(events, "transferred", sign=-1)


@subscribe_batch(StockReceived, group=GROUP)
def count_received(events: Sequence[StockReceived]) -> None:
    _count_moved(events, "transferred")


@subscribe(CustomerRegistered, group=GROUP)
def name_new_customer(event: CustomerRegistered) -> None:
    _name_customer(event)


@subscribe(CustomerChanged, group=GROUP)
def name_customer(event: CustomerChanged) -> None:
    _name_customer(event)


@subscribe(ProductPublished, group=GROUP)
def name_new_product(event: ProductPublished) -> None:
    _name_product(event)


@subscribe(ProductChanged, group=GROUP)
def name_product(event: ProductChanged) -> None:
    _name_product(event)


def _count_moved(events: Sequence[StockMoved], reason: str, *, sign: int = 1) -> None:
    movements = [
        Movement(event.movement, event.sku, event.moved_at, reason, sign * event.quantity)
        for event in events
        if event.movement is not None and event.moved_at is not None
    ]
    if movements:
        services.stock_moved(GENERATION, movements)


def _name_customer(event: AboutACustomer) -> None:
    services.customer_named(GENERATION, event, incoming_message().time)


def _name_product(event: AboutAProduct) -> None:
    services.product_named(GENERATION, event, incoming_message().time)
