"""One side of `benchmarks.reporting` as a process with its own settings: the shop's joins, or the service's read model.

A line of JSON in, a line of JSON out: `{"do": "ask", "figure": "cohorts", "arguments": {}, "times": 3}`.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from itertools import islice
from typing import Any

import django

BATCH = 500


def ask(figure: str, arguments: dict[str, Any], times: int) -> dict[str, Any]:
    """The seconds of each call, and the answer in all its digits."""
    side = "monolith" if os.environ["DJANGO_SETTINGS_MODULE"] == "monolith.settings" else "extracted"
    selectors = import_module(f"{side}.reporting.selectors")
    seconds, answer = [], None
    for _ in range(times):
        started = time.perf_counter()
        answer = getattr(selectors, figure)(**arguments)
        seconds.append(time.perf_counter() - started)
    return {"seconds": seconds, "answer": repr(answer)}


def tell(file: str) -> dict[str, Any]:
    """In the shop: its history as messages, one a line, as a backfill publishes them."""
    from strangler.messaging import encode, seal

    count = 0
    with open(file, "w", encoding="utf-8") as messages:
        for event in _history():
            messages.write(encode(seal(event, source="shop")) + "\n")
            count += 1
    return {"messages": count}


def hear(file: str) -> dict[str, Any]:
    """In the service: handled as `consume` handles them, by one lane in batches of the default size."""
    from extracted.reporting.handlers import GROUP
    from strangler.brokers import Delivery
    from strangler.conf import settings
    from strangler.inbox.handling import GroupHandling, RetryPolicy
    from strangler.inbox.incoming import read
    from strangler.inbox.subscriptions import subscriptions

    known = subscriptions.of_group(GROUP)
    handling = GroupHandling(GROUP, known, using="default", policy=RetryPolicy(5, 1, 60))
    started, count = time.perf_counter(), 0
    with open(file, encoding="utf-8") as lines:
        messages = (read(Delivery(line.encode(), redelivered=False, tag=None)) for line in lines)
        wanted = (each for each in messages if each.envelope and each.envelope.event_type in known)
        while batch := list(islice(wanted, settings.consumer_batch_size)):
            handling.handle(batch)
            count += len(batch)
    return {"messages": count, "seconds": time.perf_counter() - started}


def check() -> dict[str, Any]:
    """In the service: does it hold what its facts come to, and could everything be handled?"""
    from django.db import connection

    from extracted.reporting import verifying
    from strangler.inbox.models import ParkedMessage

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return {"wrong": verifying.wrong_figures(1), "parked": ParkedMessage.objects.count()}


def _history() -> Iterator[Any]:
    from monolith.catalog import telling as catalog
    from monolith.customers import telling as customers
    from monolith.customers.models import Customer
    from monolith.inventory import telling as inventory
    from monolith.inventory.models import StockMovement
    from monolith.orders import telling as orders
    from monolith.orders.models import Order
    from monolith.shipping.models import Return
    from monolith.shipping.returns import told_again as returns

    yield from catalog.told_again(list(catalog.products()))
    yield from customers.told_again(list(Customer.objects.all()))
    for rows, told_again in (
        (Order.objects.prefetch_related("lines").order_by("pk"), orders.told_again),
        (Return.objects.select_related("order").prefetch_related("lines__order_line").order_by("pk"), returns),
        (StockMovement.objects.select_related("item__warehouse").order_by("pk"), inventory.told_again),
    ):
        yield from _in_batches(rows.iterator(BATCH), told_again)


def _in_batches(rows: Iterable[Any], told_again: Callable[[list[Any]], Iterable[Any]]) -> Iterator[Any]:
    iterator = iter(rows)
    while batch := list(islice(iterator, BATCH)):
        yield from told_again(batch)


DO: dict[str, Callable[..., dict[str, Any]]] = {"ask": ask, "tell": tell, "hear": hear, "check": check}


def main() -> None:
    django.setup()
    for line in sys.stdin:
        wanted = json.loads(line)
        print(json.dumps(DO[wanted.pop("do")](**wanted)), flush=True)


if __name__ == "__main__":
    main()
