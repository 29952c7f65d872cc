"""`python -m benchmarks.limits.writer FILE`: one event a transaction, as fast as one process can, until SIGTERM."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import django

django.setup()

from django.db import transaction  # noqa: E402

from benchmarks.project.events import StockMoved  # noqa: E402
from benchmarks.project.filling import SKUS  # noqa: E402
from strangler.outbox import publish  # noqa: E402
from strangler.stopping import stop_on_signals  # noqa: E402


def main(file: Path) -> None:
    """Leaves the rate: transactions a second from the first commit to the last."""
    committed, started = 0, time.monotonic()
    with stop_on_signals() as stop:
        while not stop.is_set():
            with transaction.atomic():
                publish(StockMoved(sku=f"sku-{committed % SKUS}", quantity=1, reason="sold at the counter"))
            committed += 1
    file.write_text(str(committed / (time.monotonic() - started)), encoding="ascii")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
