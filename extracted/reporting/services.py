"""The writes: one function for each thing that may have happened, one transaction each, for many of them at once.

All take the generation's row first, so that of one generation one batch is written at a time: what it reads before it
writes is what is there, and no two wait for each other's rows in turn. Batches make up for it.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from extracted.reporting import facts, people
from extracted.reporting.events import (
    AboutACustomer,
    AboutAnOrder,
    AboutAProduct,
    OrderCancelled,
    OrderPlaced,
    OrderRefunded,
    ReturnReceived,
)
from extracted.reporting.figures import following
from extracted.reporting.generations import hold


@transaction.atomic
def orders_placed(generation: int, placed: Sequence[OrderPlaced]) -> None:
    hold(generation)
    with following(generation, *_touched(placed)):
        facts.place(generation, placed)
    people.count_customers(generation, _touched(placed)[1])


@transaction.atomic
def orders_cancelled(generation: int, cancelled: Sequence[OrderCancelled]) -> None:
    hold(generation)
    with following(generation, *_touched(cancelled)):
        facts.mark(generation, "cancelled", cancelled)
    people.count_customers(generation, _touched(cancelled)[1])


@transaction.atomic
def orders_refunded(generation: int, refunded: Sequence[OrderRefunded]) -> None:
    hold(generation)
    with following(generation, *_touched(refunded)):
        facts.mark(generation, "refunded", refunded)
    people.count_customers(generation, _touched(refunded)[1])


@transaction.atomic
def returns_received(generation: int, received: Sequence[ReturnReceived]) -> None:
    hold(generation)
    facts.take_back(generation, received)


@transaction.atomic
def stock_moved(generation: int, movements: Sequence[facts.Movement]) -> None:
    hold(generation)
    facts.move(generation, movements)


@transaction.atomic
def customer_named(generation: int, told: AboutACustomer, told_at: datetime) -> None:
    hold(generation)
    people.name_customer(generation, told, told_at)


@transaction.atomic
def product_named(generation: int, told: AboutAProduct, told_at: datetime) -> None:
    hold(generation)
    people.name_product(generation, told, told_at)


def _touched(events: Sequence[AboutAnOrder]) -> tuple[list[str], list[int]]:
    return sorted({event.order_number for event in events}), sorted({event.customer_id for event in events})
