"""`kafka://`: a topic for each aggregate type, and for each consumer group Kafka's own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from strangler.brokers.kafka import backlog, bindings, replay
from strangler.brokers.kafka.cluster import Cluster
from strangler.brokers.kafka.publisher import KafkaPublisher
from strangler.brokers.kafka.subscriber import KafkaSubscriber
from strangler.brokers.names import checked_routing_keys, queue_name


class KafkaBroker:
    """Topics are `<exchange>.<aggregate type>`, a group's id in Kafka is `<exchange>.<group>`.

    Topics are made by `manage.py kafka_topics`, not in passing: whoever publishes needs no right to. A routing key that
    a group once declared stays bound.
    """

    def __init__(self, url: str, exchange: str) -> None:
        self._cluster = Cluster(url)
        self._exchange = exchange

    def declare(self, group: str, routing_keys: Sequence[str]) -> None:
        self._bound(group, routing_keys)

    def backlog(self, group: str, routing_keys: Sequence[str]) -> int:
        with self._cluster.translated_errors():
            binding = bindings.read(self._cluster, self._exchange).get(group)
            if binding is None:
                return 0
            return backlog.of(self._cluster, self._exchange, queue_name(self._exchange, group), binding, routing_keys)

    def takes(self, group: str, routing_keys: Sequence[str]) -> frozenset[str]:
        with self._cluster.translated_errors():
            known = bindings.read(self._cluster, self._exchange).get(group, bindings.Binding())
            return known.routing_keys.intersection(routing_keys)

    def publisher(self) -> KafkaPublisher:
        return KafkaPublisher(self._cluster, self._exchange)

    def subscriber(self, group: str, routing_keys: Sequence[str], *, prefetch: int) -> KafkaSubscriber:
        binding = self._bound(group, routing_keys)
        return KafkaSubscriber(self._cluster, self._exchange, queue_name(self._exchange, group), binding, prefetch)

    def rewind(self, group: str, routing_keys: Sequence[str], since: datetime | None) -> int:
        """Let the group read again what the log still has, since then or all of it. Returns how many records.

        Raises `ConfigurationError` while a consumer of the group works.
        """
        self._bound(group, routing_keys)
        with self._cluster.translated_errors():
            return replay.rewind(self._cluster, self._exchange, queue_name(self._exchange, group), routing_keys, since)

    def _bound(self, group: str, routing_keys: Sequence[str]) -> bindings.Binding:
        queue_name(self._exchange, group)
        wanted = checked_routing_keys(group, routing_keys)
        with self._cluster.translated_errors():
            return bindings.declare(self._cluster, self._exchange, group, wanted)
