"""`python -m benchmarks.project.bulk ROWS ANSWER`: seconds that each kind of bulk operation takes, by name."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from time import perf_counter

import django

django.setup()

from django.db import transaction  # noqa: E402

from benchmarks.project.events import OrderPlaced  # noqa: E402
from benchmarks.project.models import Order  # noqa: E402
from strangler.outbox import Change, PublishingQuerySet, publish, publish_many  # noqa: E402


class Telling(PublishingQuerySet[Order]):
    def events(self, change: Change, rows: Sequence[Order]) -> list[OrderPlaced]:
        return [_event(row) for row in rows]


def main(rows: int, answer: Path) -> None:
    _measure(min(rows, 50))  # caches, connection
    gc.freeze()
    answer.write_text(json.dumps(_measure(rows)), encoding="utf-8")


def _measure(rows: int) -> dict[str, float]:
    telling = Telling(Order)
    kinds: dict[str, Callable[[], object]] = {
        "bulk_create": lambda: Order.objects.bulk_create(_orders("a", rows)),
        "bulk_create, told": lambda: telling.bulk_create(_orders("b", rows)),
        "update": lambda: Order.objects.filter(number__startswith="a").update(customer="Grace Hopper"),
        "update, told": lambda: telling.filter(number__startswith="b").update(customer="Grace Hopper"),
        "update, told by hand": lambda: _by_hand("b"),
        "update, row by row": lambda: _row_by_row("b"),
        "delete": lambda: Order.objects.filter(number__startswith="a").delete(),
        "delete, told": lambda: telling.filter(number__startswith="b").delete(),
    }
    return {name: _seconds(work) for name, work in kinds.items()}


def _seconds(work: Callable[[], object]) -> float:
    started = perf_counter()
    work()
    return perf_counter() - started


def _orders(prefix: str, rows: int) -> list[Order]:
    return [
        Order(number=f"{prefix}{number}", customer="Ada Lovelace", total=Decimal("59.97")) for number in range(rows)
    ]


@transaction.atomic
def _by_hand(prefix: str) -> None:
    """Lock and read, update exactly these, publish: what one writes without RETURNING."""
    orders = list(Order.objects.select_for_update().filter(number__startswith=prefix))
    Order.objects.filter(pk__in=[order.pk for order in orders]).update(customer="Ada King")
    for order in orders:
        order.customer = "Ada King"
    publish_many([_event(order) for order in orders])


@transaction.atomic
def _row_by_row(prefix: str) -> None:
    """In one transaction, which is kind to it."""
    for order in Order.objects.select_for_update().filter(number__startswith=prefix):
        order.customer = "Ada Byron"
        order.save(update_fields=["customer"])
        publish(_event(order))


def _event(order: Order) -> OrderPlaced:
    return OrderPlaced(number=order.number, customer=order.customer, total=order.total, skus=[])


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
