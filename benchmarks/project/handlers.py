import os
import time

from django.db.models import F

from benchmarks.project.events import StockMoved
from benchmarks.project.models import Stock
from strangler.inbox import subscribe

PAUSE = float(os.environ.get("HANDLER_SECONDS", "0"))


@subscribe(StockMoved, group="stock")
def move_stock(event: StockMoved) -> None:
    Stock.objects.filter(sku=event.sku).update(moved=F("moved") + event.quantity)
    if PAUSE:
        time.sleep(PAUSE)
