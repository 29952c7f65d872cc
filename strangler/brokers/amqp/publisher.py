"""Pipelined publisher confirms: <https://www.rabbitmq.com/docs/confirms#publisher-confirms>."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any

from amqp.exceptions import PreconditionFailed

from strangler.brokers.amqp import session as settings
from strangler.brokers.amqp.frames import Frames
from strangler.brokers.amqp.pipeline import Pipeline
from strangler.brokers.amqp.session import Server, Session
from strangler.brokers.amqp.topology import declare_exchange
from strangler.brokers.base import OutgoingMessage, Receipt
from strangler.brokers.closing import ClosingBase
from strangler.brokers.names import bad_routing_key, is_routing_key
from strangler.brokers.settling import unroutable
from strangler.errors import BrokerUnavailable

_WRITE_BYTES = 64 * 1024
_TOO_LARGE = re.compile(r"larger than (?:configured )?max size (\d+)")
_NACKED = "RabbitMQ refused it (basic.nack): the queue is full, or it failed inside the broker; see the broker's log"


class AmqpPublisher(ClosingBase):
    """Waits are bounded: raises `BrokerUnavailable` when nothing is confirmed for `TIMEOUT` seconds."""

    def __init__(self, server: Server, exchange: str) -> None:
        self._server = server
        self._exchange = exchange
        self._session: Session | None = None
        self._pipeline = Pipeline([])
        self._frames = Frames(0, 0, exchange)
        self._tag = 0
        self._used = 0.0
        self._max_body: int | None = None

    def publish(self, messages: Sequence[OutgoingMessage]) -> Receipt:
        self._pipeline = Pipeline(messages)
        try:
            while not self._pipeline.finished:
                with self._server.translated_errors():
                    self._publish_on(self._connected())
        except BaseException:
            self._abandon()
            raise
        self._used = time.monotonic()
        return self._pipeline.settling.receipt()

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def _publish_on(self, session: Session) -> None:
        """Returns early when a message was too large: RabbitMQ closes the channel then, saying how large one may be."""
        try:
            self._run(session)
        except PreconditionFailed as error:
            limit = _TOO_LARGE.search(str(error.reply_text))
            if limit is None:
                raise
            self._max_body = int(limit[1])
            self._abandon()
            self._pipeline.send_again()

    def _run(self, session: Session) -> None:
        until = time.monotonic() + settings.TIMEOUT
        while not self._pipeline.finished:
            sent = self._send_what_is_ready(session)
            if session.drain(timeout=1.0) or sent:
                until = time.monotonic() + settings.TIMEOUT
                session.drain_all()  # the more is settled at once, the more leaves in one write
            elif time.monotonic() > until:
                raise BrokerUnavailable(self._silence(session))
            session.heartbeat()

    def _send_what_is_ready(self, session: Session) -> int:
        """Returns how many messages that were."""
        before, frames, size = self._tag, list[bytes](), 0
        while (message := self._pipeline.next()) is not None:
            reason = self._unfit(message)
            if reason is not None:
                self._pipeline.settle(message, reason)
                continue
            self._tag += 1
            self._pipeline.sent(self._tag, message)
            frames.append(self._frames.of(message))
            size += len(frames[-1])
            if size >= _WRITE_BYTES:
                session.write(b"".join(frames))
                frames, size = [], 0
        if frames:
            session.write(b"".join(frames))
        return self._tag - before

    def _unfit(self, message: OutgoingMessage) -> str | None:
        if not is_routing_key(message.routing_key):
            return bad_routing_key(message.routing_key)
        if self._max_body is not None and len(message.body) > self._max_body:
            return (
                f"its body of {len(message.body)} bytes is larger than RabbitMQ's max_message_size "
                f"({self._max_body} bytes)"
            )
        return None

    def _connected(self) -> Session:
        """An idle publisher has nobody to send heartbeats, so a connection unused for that long is replaced."""
        if self._session is not None and time.monotonic() - self._used > settings.HEARTBEAT:
            self._abandon()
        if self._session is None:
            self._session = self._open()
        return self._session

    def _open(self) -> Session:
        session = self._server.open()
        declare_exchange(session, self._exchange)
        session.channel.confirm_select()
        session.channel.events["basic_ack"].add(self._on_ack)
        session.channel.events["basic_nack"].add(self._on_nack)
        session.channel.events["basic_return"].add(self._on_return)
        self._frames = session.frames(self._exchange)
        self._tag = 0
        return session

    def _abandon(self) -> None:
        if self._session is not None:
            self._session.abandon()
            self._session = None

    def _silence(self, session: Session) -> str:
        cause = "it blocks publishers: a memory or disk alarm is on, see its log" if session.blocked else "it is silent"
        return f"RabbitMQ at {session.address} confirmed nothing for {settings.TIMEOUT:.0f} s: {cause}"

    def _on_ack(self, tag: int, multiple: bool) -> None:
        self._pipeline.acknowledged(tag, multiple)

    def _on_nack(self, tag: int, multiple: bool) -> None:
        self._pipeline.acknowledged(tag, multiple, _NACKED)

    def _on_return(self, error: Exception, exchange: str, routing_key: str, message: Any) -> None:
        self._pipeline.returned(message.properties["message_id"], unroutable(routing_key))
