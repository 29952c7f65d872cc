"""Pipelined publisher confirms on py-amqp, as short as they can be written."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote, urlsplit

import amqp

WINDOW = 1000


def connect(url: str) -> Any:
    parts = urlsplit(url)
    connection = amqp.Connection(
        host=f"{parts.hostname}:{parts.port}",
        userid=parts.username,
        password=unquote(parts.password or ""),
        virtual_host=unquote(parts.path[1:]),
        socket_settings={socket.TCP_USER_TIMEOUT: 30_000},  # flow control may last longer than py-amqp's second
    )
    connection.connect()
    return connection


class Confirms:
    """Persistent and mandatory, as an outbox must have them; raises RuntimeError for what no queue takes."""

    def __init__(self, url: str, exchange: str) -> None:
        self._connection = connect(url)
        self._exchange = exchange
        self._channel = self._connection.channel()
        self._channel.confirm_select()
        self._channel.events["basic_ack"].add(self._acked)
        self._channel.events["basic_nack"].add(_refused)
        self._channel.events["basic_return"].add(_refused)
        self._sent = self._confirmed = 0
        self._early: set[int] = set()

    def publish(self, bodies: Iterable[bytes], routing_key: str) -> None:
        """Returns once the broker has confirmed every one of them."""
        send = self._channel._basic_publish
        for body in bodies:
            message = amqp.Message(body, delivery_mode=2, content_type="application/json")
            send(message, self._exchange, routing_key, mandatory=True)
            self._sent += 1
            while self._sent - self._confirmed >= WINDOW:
                self._connection.drain_events(timeout=30)
        while self._confirmed < self._sent:
            self._connection.drain_events(timeout=30)

    def close(self) -> None:
        self._connection.close()

    def _acked(self, tag: int, multiple: bool) -> None:
        """`_confirmed`: everything up to this tag; single acknowledgements may come in any order."""
        if multiple:
            self._confirmed = max(self._confirmed, tag)
            self._early = {early for early in self._early if early > tag}
        else:
            self._early.add(tag)
        while self._confirmed + 1 in self._early:
            self._confirmed += 1
            self._early.discard(self._confirmed)


def _refused(*_: object) -> None:
    raise RuntimeError("RabbitMQ refused a message, or no queue took it")
