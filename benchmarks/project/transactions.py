"""`python -m benchmarks.project.transactions COUNT ANSWER`: the p50 of each kind of transaction, in milliseconds.

A process of its own, so that a round begins as the one before it did.
"""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from statistics import median
from time import perf_counter

import django

django.setup()

from django.db import connection, transaction  # noqa: E402

from benchmarks.project.events import OrderPlaced  # noqa: E402
from benchmarks.project.models import Order, OrderLine  # noqa: E402
from strangler.messaging import encode, seal  # noqa: E402
from strangler.outbox import publish, publish_many  # noqa: E402

WARM = 30
MANY = 100
_COLUMNS = (
    "id, aggregate_type, aggregate_id, type, routing_key, correlation_id, payload, created_at, attempts, last_error"
)
_ROW = "(%s, %s, %s, %s, %s, %s, %s, %s, 0, '')"
_INSERT = f"INSERT INTO strangler_outbox ({_COLUMNS}) VALUES "
Record = Callable[[], object]


def main(count: int, answer: Path) -> None:
    gc.freeze()
    times = {**_take_turns(_small, count), **_take_turns(_large, count // 2)}
    answer.write_text(json.dumps({name: 1000 * median(seconds) for name, seconds in times.items()}), encoding="utf-8")


def _take_turns(kinds: Callable[[str], dict[str, Record]], count: int) -> dict[str, list[float]]:
    """Who begins changes: a transaction feels what the one before it has left to do. Small after small, therefore."""
    times: dict[str, list[float]] = {}
    for number in range(WARM + count):
        records = list(kinds(f"n-{number}").items())
        start = number % len(records)
        for name, record in records[start:] + records[:start]:
            seconds = _transaction(f"{number}-{name[:14]}", record)
            if number >= WARM:
                times.setdefault(name, []).append(seconds)
    return times


def _small(number: str) -> dict[str, Record]:
    """What is ready before the transaction of a raw INSERT is its parameters: they are not what it is asked about."""
    row = _parameters(_event(number))
    return {
        "without": lambda: None,
        "publish": lambda: publish(_event(number)),
        "raw insert": lambda: _insert(_ROW, row),
    }


def _large(number: str) -> dict[str, Record]:
    names = [f"{number}-{index}" for index in range(MANY)]
    rows = [value for name in names for value in _parameters(_event(name))]
    return {
        "publish_many 100": lambda: publish_many([_event(name) for name in names]),
        "raw insert 100": lambda: _insert(", ".join([_ROW] * MANY), rows),
    }


def _transaction(number: str, record: Record) -> float:
    started = perf_counter()
    with transaction.atomic():
        order = Order.objects.create(number=number, customer="Ada Lovelace", total=Decimal("59.97"))
        lines = [OrderLine(order=order, sku=f"sku-{n}", quantity=1, price=Decimal("19.99")) for n in range(3)]
        OrderLine.objects.bulk_create(lines)
        record()
    return perf_counter() - started


def _event(number: str) -> OrderPlaced:
    return OrderPlaced(number=number, customer="Ada Lovelace", total=Decimal("59.97"), skus=["sku-0", "sku-1", "sku-2"])


def _parameters(event: OrderPlaced) -> list[object]:
    envelope = seal(event, source="bench")
    key = event.aggregate_type, event.aggregate_id
    names = envelope.type, event.event_type, envelope.correlationid
    return [envelope.id, *key, *names, encode(envelope), envelope.time]


def _insert(rows: str, parameters: list[object]) -> None:
    """On Django's connection, past Django: a cursor of psycopg."""
    with connection.connection.cursor() as cursor:
        cursor.execute(_INSERT + rows, parameters)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
