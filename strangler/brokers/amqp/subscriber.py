"""A consumer of one quorum queue; RabbitMQ itself sees to it that only one is active at a time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from strangler.brokers.amqp.session import Server, Session
from strangler.brokers.amqp.topology import Topology
from strangler.brokers.base import Delivery
from strangler.brokers.closing import ClosingBase


class AmqpSubscriber(ClosingBase):
    """Call `receive` at least every `HEARTBEAT` seconds, or RabbitMQ takes this consumer for dead."""

    def __init__(self, server: Server, topology: Topology, prefetch: int) -> None:
        self._server = server
        self._topology = topology
        self._prefetch = prefetch
        self._session: Session | None = None
        self._buffer: list[Delivery] = []
        self._unacknowledged: dict[int, None] = {}  # in the order of their tags

    def receive(self, timeout: float) -> Sequence[Delivery]:
        until = time.monotonic() + timeout
        with self._broken_means_void() as session:
            session.drain_all()
            session.heartbeat()
            while not self._buffer and (left := until - time.monotonic()) > 0:
                if session.drain(timeout=min(left, 1.0)):
                    session.drain_all()
                session.heartbeat()
        received, self._buffer = self._buffer, []
        return received

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        """Deliveries of a broken connection are void: they are left alone and come again."""
        done = {tag for session, tag in (d.tag for d in deliveries) if session is self._session}
        if not done:
            return
        with self._broken_means_void() as session:
            upto = self._first_in_a_row(done)
            if upto:
                session.channel.basic_ack(upto, multiple=True)
            for tag in sorted(done):
                if tag > upto:
                    session.channel.basic_ack(tag)
                self._unacknowledged.pop(tag, None)

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
        self._forget()

    def _first_in_a_row(self, done: set[int]) -> int:
        """The last tag up to which nothing else is unacknowledged: those can be acknowledged by one command."""
        upto = 0
        for tag in self._unacknowledged:
            if tag not in done:
                break
            upto = tag
        return upto

    @contextmanager
    def _broken_means_void(self) -> Iterator[Session]:
        try:
            with self._server.translated_errors():
                if self._session is None:
                    self._session = self._consuming()
                yield self._session
        except BaseException:
            if self._session is not None:
                self._session.abandon()
            self._forget()
            raise

    def _consuming(self) -> Session:
        session = self._server.open()
        self._topology.declare(session)
        session.channel.basic_qos(0, self._prefetch, False)
        session.channel.basic_consume(self._topology.queue, callback=lambda message: self._on_message(session, message))
        return session

    def _forget(self) -> None:
        self._session = None
        self._buffer = []
        self._unacknowledged.clear()

    def _on_message(self, session: Session, message: Any) -> None:
        tag = message.delivery_info["delivery_tag"]
        count = (message.headers or {}).get("x-delivery-count", 0)
        redelivered = bool(message.delivery_info["redelivered"] or count)
        self._unacknowledged[tag] = None
        self._buffer.append(Delivery(bytes(message.body), redelivered, (session, tag)))
