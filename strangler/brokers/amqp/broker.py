"""`amqp://`: one durable topic exchange, and for each consumer group one quorum queue."""

from __future__ import annotations

from collections.abc import Sequence

from strangler.brokers.amqp import probing
from strangler.brokers.amqp.publisher import AmqpPublisher
from strangler.brokers.amqp.session import Server
from strangler.brokers.amqp.subscriber import AmqpSubscriber
from strangler.brokers.amqp.topology import Topology, message_count
from strangler.brokers.names import checked_routing_keys, queue_name


class AmqpBroker:
    """The queue of a group is named `<exchange>.<group>`.

    AMQP cannot list bindings: a routing key that the group once declared and no longer wants stays bound until somebody
    unbinds it (`rabbitmqadmin`, the management page) or deletes the queue. Until then its messages still come.
    """

    def __init__(self, url: str, exchange: str) -> None:
        self._server = Server(url)
        self._exchange = exchange

    def declare(self, group: str, routing_keys: Sequence[str]) -> None:
        """Raises `ConfigurationError` when a queue of that name exists and was made differently."""
        topology = self._topology(group, routing_keys)
        with self._server.open() as session, self._server.translated_errors():
            topology.declare(session)

    def backlog(self, group: str, _: Sequence[str]) -> int:
        with self._server.open() as session, self._server.translated_errors():
            return message_count(session, queue_name(self._exchange, group))

    def takes(self, group: str, routing_keys: Sequence[str]) -> frozenset[str]:
        """AMQP cannot list bindings, so it is tried out (`probing`)."""
        queue_name(self._exchange, group)
        return probing.taken(self._server, self._exchange, routing_keys)

    def publisher(self) -> AmqpPublisher:
        return AmqpPublisher(self._server, self._exchange)

    def subscriber(self, group: str, routing_keys: Sequence[str], *, prefetch: int) -> AmqpSubscriber:
        self.declare(group, routing_keys)
        return AmqpSubscriber(self._server, self._topology(group, routing_keys), prefetch)

    def _topology(self, group: str, routing_keys: Sequence[str]) -> Topology:
        queue = queue_name(self._exchange, group)
        return Topology(self._exchange, queue, tuple(checked_routing_keys(group, routing_keys)))
