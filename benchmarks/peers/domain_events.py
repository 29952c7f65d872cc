"""django-domain-events: LISTEN/NOTIFY, claims in batches, one transaction a delivery, publishes by a receiver.

- It coalesces notifications for 0.5 s; with 0 every commit notifies.
- Claims of 500 instead of 50. Deliveries are one at a time in a relay, whatever is set.
- Rows are kept; nothing is pruned while it is measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from benchmarks.peers.broker import publish_confirmed
from benchmarks.peers.recording import in_one_transaction

NAME = "django-domain-events"
APPS = ["django_domain_events"]
NOTIFIES = True
SETTINGS: dict[str, Any] = {
    "DJANGO_DOMAIN_EVENTS": {"BATCH_SIZE": 500, "NOTIFY_COALESCE_SECONDS": 0, "RELAY_PRUNE": False}
}


@dataclass(frozen=True)
class Moved:
    id: str
    sku: str
    quantity: int
    reason: str


def ready() -> None:
    """Declares the event and its receiver, for which Django's apps must be ready."""
    from django_domain_events import event, receiver

    event(name="bench.stock_moved")(Moved)
    receiver(Moved, key="bench.publish")(_send)


def _send(moved: Moved) -> None:
    data = {"sku": moved.sku, "quantity": moved.quantity, "reason": moved.reason}
    publish_confirmed({"id": moved.id, "data": data})


def _publish(body: dict[str, Any]) -> None:
    from django_domain_events import fire

    fire(Moved(id=body["id"], **body["data"]))


record = in_one_transaction(_publish)


def relay() -> None:
    from django.core.management import call_command

    call_command("deliver_events")
