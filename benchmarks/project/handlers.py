"""One effect written three ways; `HANDLER` says which: through the ORM, as most handlers are, in SQL, many at once."""

import os
import time

from django.db import connection
from django.db.models import F

from benchmarks.project.events import StockMoved
from benchmarks.project.models import Stock
from strangler.inbox import subscribe, subscribe_batch

PAUSE = float(os.environ.get("HANDLER_SECONDS", "0"))
_UPDATE = "UPDATE bench_stock SET moved = moved + %s WHERE sku = %s"


def move_stock(event: StockMoved) -> None:
    Stock.objects.filter(sku=event.sku).update(moved=F("moved") + event.quantity)
    if PAUSE:
        time.sleep(PAUSE)


def move_stock_in_sql(event: StockMoved) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE, [event.quantity, event.sku])


def move_much_stock(events: list[StockMoved]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(_UPDATE, [(event.quantity, event.sku) for event in events])


match os.environ.get("HANDLER", "orm"):
    case "sql":
        subscribe(StockMoved, group="stock")(move_stock_in_sql)
    case "batch":
        subscribe_batch(StockMoved, group="stock")(move_much_stock)
    case _:
        subscribe(StockMoved, group="stock")(move_stock)
