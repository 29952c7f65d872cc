"""`python -m benchmarks.project.load RATE SECONDS FILE`: events of the kit at a pace."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import django

django.setup()

from django.db import transaction  # noqa: E402

from benchmarks import pace  # noqa: E402
from benchmarks.project.events import StockMoved  # noqa: E402
from benchmarks.project.filling import SKUS  # noqa: E402
from strangler.outbox import publish  # noqa: E402


def record(number: int) -> tuple[str, float]:
    event = StockMoved(sku=f"sku-{number % SKUS}", quantity=1, reason="sold at the counter of the main street shop")
    with transaction.atomic():
        id = publish(event)
        return str(id), time.monotonic()


if __name__ == "__main__":
    rate, seconds, file = sys.argv[1:]
    pace.load(record, float(rate), float(seconds), Path(file))
