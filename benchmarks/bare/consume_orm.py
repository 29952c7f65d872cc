"""The bare consumer with its UPDATE written as Django's ORM writes it: what no consumer of such a handler can beat."""

from __future__ import annotations

import json
import os
from typing import Any

import django

django.setup()

from django.db import connection, transaction  # noqa: E402
from django.db.models import F  # noqa: E402

from benchmarks.bare.consume import BATCH, RECORD, Receiver  # noqa: E402
from benchmarks.project.models import Stock  # noqa: E402


def handle(bodies: list[bytes]) -> None:
    events: dict[str, Any] = {event["id"]: event["data"] for event in map(json.loads, bodies)}
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(RECORD, [list(events)])
            fresh = cursor.fetchall()
        for (id,) in fresh:
            Stock.objects.filter(sku=events[id]["sku"]).update(moved=F("moved") + events[id]["quantity"])


if __name__ == "__main__":
    receiver = Receiver(os.environ["BROKER_URL"], os.environ["QUEUE"])
    while True:
        if batch := receiver.take(BATCH):
            handle([message.body for message in batch])
            receiver.acknowledge(batch)
