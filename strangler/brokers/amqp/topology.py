"""Exchange, queue and bindings of one consumer group, declared again after every loss of the connection."""

from __future__ import annotations

import time
from dataclasses import dataclass

from amqp.exceptions import NotFound, PreconditionFailed

from strangler.brokers.amqp.session import Session
from strangler.errors import ConfigurationError

NEW_QUEUE_SECONDS = 1.5
"""RabbitMQ writes the name of a new quorum queue to disk only after half a second without another one (`ra_directory`,
`auto_save`). A single broker killed before that starts an empty queue in its place: confirmed messages would be gone.
"""
MAX_INT = 2**31 - 1
QUEUE_ARGUMENTS = {
    "x-queue-type": "quorum",
    # One consumer at a time, the others stand by: order per key with any number of consumers.
    "x-single-active-consumer": True,
    # A queue without a dead-letter exchange *drops* what exceeds its delivery limit, and the inbox parks poison itself:
    # so there must be no limit. Left out, RabbitMQ 4 applies 20. -1 is unlimited in RabbitMQ 4 only: 3.x takes it for 0
    # and drops a message at its first return. A number that is never reached is right in both. Having any limit also
    # makes 3.x put returned messages back where they were, instead of at the end.
    "x-delivery-limit": MAX_INT,
}


@dataclass(frozen=True)
class Topology:
    exchange: str
    queue: str
    routing_keys: tuple[str, ...]

    def declare(self, session: Session) -> None:
        """Bind last: no message goes into the queue before a broker that is killed would find it again."""
        declare_exchange(session, self.exchange)
        if not self._exists(session):
            self._declare_queue(session)
            time.sleep(NEW_QUEUE_SECONDS)
        self._declare_queue(session)
        for routing_key in self.routing_keys:
            session.channel.queue_bind(self.queue, self.exchange, routing_key)

    def _exists(self, session: Session) -> bool:
        try:
            session.channel.queue_declare(self.queue, passive=True)
        except NotFound:
            return False
        return True

    def _declare_queue(self, session: Session) -> None:
        try:
            session.channel.queue_declare(self.queue, durable=True, auto_delete=False, arguments=QUEUE_ARGUMENTS)
        except PreconditionFailed as error:
            raise ConfigurationError(
                f"the queue {self.queue!r} exists on {session.address} and was made differently: {error.reply_text}. "
                f"Empty it, delete it and start the consumer again; it takes the arguments {QUEUE_ARGUMENTS}"
            ) from error


def declare_exchange(session: Session, exchange: str) -> None:
    try:
        session.channel.exchange_declare(exchange, "topic", durable=True, auto_delete=False)
    except PreconditionFailed as error:
        raise ConfigurationError(
            f"the exchange {exchange!r} exists on {session.address} and is not a durable topic exchange "
            f'({error.reply_text}): choose another STRANGLER["EXCHANGE"]'
        ) from error


def message_count(session: Session, queue: str) -> int:
    """Messages that no consumer holds; 0 where there is no such queue."""
    try:
        return int(session.channel.queue_declare(queue, passive=True).message_count)
    except NotFound:
        return 0
