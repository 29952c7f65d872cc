"""django-outbox-pattern: STOMP, polling.

- Chunks of 2 000 instead of 200. The whole backlog is one transaction, whatever is set.
- It sleeps a whole number of seconds after each pass. 0 instead of 1: then it asks without a pause, which is the best
  it can do for latency. Every pass that finds something opens a connection to the broker and closes it.
- It asks for no receipt, so nothing is confirmed: it is measured without what the others pay for.
- The consumer takes messages as fast as they come (prefetch 500 instead of 1); the handler is one transaction with the
  note that the message was received.
"""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import unquote, urlsplit

from benchmarks.peers.broker import EXCHANGE, ROUTING_KEY, URL
from benchmarks.peers.recording import in_one_transaction

NAME = "django-outbox-pattern"
APPS = ["django_outbox_pattern"]
_broker = urlsplit(URL)
CONSUMER_QUEUE = "outbox-pattern"
SETTINGS: dict[str, Any] = {
    "DJANGO_OUTBOX_PATTERN": {
        "DEFAULT_STOMP_HOST_AND_PORTS": [("127.0.0.1", int(os.environ["STOMP_PORT"]))],
        "DEFAULT_STOMP_VHOST": unquote(_broker.path[1:]),
        "DEFAULT_STOMP_USERNAME": _broker.username,
        "DEFAULT_STOMP_PASSCODE": unquote(_broker.password or ""),
        "DEFAULT_PUBLISHED_CHUNK_SIZE": 2000,
        "DEFAULT_PRODUCER_WAITING_TIME": 0,
        "DEFAULT_STOMP_QUEUE_HEADERS": {"durable": "true", "auto-delete": "false", "prefetch-count": "500"},
    }
}
_DESTINATION = f"/exchange/{EXCHANGE}/{ROUTING_KEY}"


def _publish(body: dict[str, Any]) -> None:
    from django_outbox_pattern.models import Published

    Published.objects.create(body=body, destination=_DESTINATION)


record = in_one_transaction(_publish)


def relay() -> None:
    from django.core.management import call_command

    call_command("publish")


def consume() -> None:
    from django.core.management import call_command

    call_command("subscribe", f"{__name__}.handle", _DESTINATION, CONSUMER_QUEUE)


def handle(payload: Any) -> None:
    from django.db import transaction

    from benchmarks.peers.effect import move_stock

    with transaction.atomic():
        move_stock(payload.body["data"])
        payload.save()
