"""A consumer of one quorum queue; RabbitMQ itself sees to it that only one is active at a time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import takewhile
from typing import Any

from strangler.brokers.amqp.probing import PROBE
from strangler.brokers.amqp.session import Server, Session
from strangler.brokers.amqp.topology import Topology
from strangler.brokers.base import Delivery
from strangler.brokers.closing import ClosingBase
from strangler.errors import BrokerUnavailable


class AmqpSubscriber(ClosingBase):
    """Call `receive` at least every `HEARTBEAT` seconds, or RabbitMQ takes this consumer for dead."""

    def __init__(self, server: Server, topology: Topology, prefetch: int) -> None:
        self._server = server
        self._topology = topology
        self._prefetch = prefetch
        self._session: Session | None = None
        self._buffer: list[Delivery] = []
        self._unacknowledged: dict[int, None] = {}  # in the order of their tags
        self._done: set[int] = set()

    def receive(self, timeout: float) -> Sequence[Delivery]:
        until = time.monotonic() + timeout
        with self._broken_means_void() as session:
            session.drain_all()
            session.heartbeat()
            if not self._buffer and timeout:
                self._acknowledge_out_of_turn(session)
            while not self._buffer and (left := until - time.monotonic()) > 0:
                if session.drain(timeout=min(left, 1.0)):
                    session.drain_all()
                session.heartbeat()
        received, self._buffer = self._buffer, []
        return received

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        """Deliveries of a broken connection are void: they are left alone and come again.

        A command each would cost as much as receiving them. So those before which one is missing wait for it, until
        they are many, or there is nothing else to do; lost in a crash meanwhile, they come again.
        """
        self._done.update(tag for session, tag in (d.tag for d in deliveries) if session is self._session)
        if not self._done:
            return
        with self._broken_means_void() as session:
            self._acknowledge_in_turn(session)
            if len(self._done) > self._prefetch // 2:
                self._acknowledge_out_of_turn(session)

    def close(self) -> None:
        if self._session is not None:
            with suppress(BrokerUnavailable), self._server.translated_errors():
                self._acknowledge_out_of_turn(self._session)
            self._session.close()
        self._forget()

    def _acknowledge_in_turn(self, session: Session) -> None:
        """By one command up to the first that is not done."""
        row = list(takewhile(self._done.__contains__, self._unacknowledged))
        if row:
            session.channel.basic_ack(row[-1], multiple=True)
            self._settled(row)

    def _acknowledge_out_of_turn(self, session: Session) -> None:
        row = sorted(self._done)
        for tag in row:
            session.channel.basic_ack(tag)
        self._settled(row)

    def _settled(self, tags: Sequence[int]) -> None:
        self._done.difference_update(tags)
        for tag in tags:
            self._unacknowledged.pop(tag, None)

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
        self._done.clear()

    def _on_message(self, session: Session, message: Any) -> None:
        tag = message.delivery_info["delivery_tag"]
        if message.properties.get("type") == PROBE:
            session.channel.basic_ack(tag)
            return
        count = (message.headers or {}).get("x-delivery-count", 0)
        redelivered = bool(message.delivery_info["redelivered"] or count)
        self._unacknowledged[tag] = None
        self._buffer.append(Delivery(bytes(message.body), redelivered, (session, tag)))
