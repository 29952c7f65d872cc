"""Where every peer publishes to: the same exchange, the same queue behind it, confirmed one by one.

A peer that leaves publishing to a function of the user's gets this one. py-amqp waits for each confirm, which is what
one gets who publishes one message at a time; kombu and pika do the same.
"""

from __future__ import annotations

import json
import os
from functools import cache
from typing import Any
from urllib.parse import unquote, urlsplit

import amqp

URL = os.environ["BROKER_URL"]
EXCHANGE = os.environ["EXCHANGE"]
QUEUE = os.environ["QUEUE"]
ROUTING_KEY = "bench.stock_moved"


def publish_confirmed(body: dict[str, Any]) -> None:
    message = amqp.Message(json.dumps(body), content_type="application/json", delivery_mode=2)
    _channel().basic_publish_confirm(message, EXCHANGE, ROUTING_KEY, mandatory=True)


@cache
def _channel() -> Any:
    parts = urlsplit(URL)
    connection = amqp.Connection(
        host=f"{parts.hostname}:{parts.port}",
        userid=parts.username,
        password=unquote(parts.password or ""),
        virtual_host=unquote(parts.path[1:]),
        confirm_publish=True,
    )
    connection.connect()
    return connection.channel()
