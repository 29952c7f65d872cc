"""Idempotent production with `acks=all`; a batch is done when every message of it is delivered or refused.

<https://kafka.apache.org/documentation/#producerconfigs_enable.idempotence>
"""

from __future__ import annotations

from collections.abc import Sequence

from confluent_kafka import KafkaError, Producer

from strangler.brokers.base import OutgoingMessage, Receipt
from strangler.brokers.closing import ClosingBase
from strangler.brokers.kafka import bindings, topics
from strangler.brokers.kafka import cluster as bounds
from strangler.brokers.kafka.cluster import MAX_MESSAGE_BYTES, Cluster
from strangler.brokers.names import bad_routing_key, is_routing_key, topic_name
from strangler.brokers.settling import Settling, unroutable
from strangler.messaging.envelope import CONTENT_TYPE

ROUTING_KEY = "routing_key"
"""Record header: a consumer passes over what it did not ask for without reading the body."""
RECORD_OVERHEAD = 1024
"""Bytes that a record is larger than its body, at most: headers, key and the batch around it."""
_UNFIT = {KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_RECORD, KafkaError.RECORD_LIST_TOO_LARGE}


class KafkaPublisher(ClosingBase):
    """Everything of a batch is under way at once. What could be refused is found out before, so that a refused message
    still holds back the later ones of its key; only a limit that somebody lowers at that moment is found too late.

    Raises `BrokerUnavailable` when something is not confirmed within `TIMEOUT` seconds.
    """

    def __init__(self, cluster: Cluster, exchange: str) -> None:
        self._cluster = cluster
        self._exchange = exchange
        self._producer: Producer | None = None
        self._limits: dict[str, int] = {}
        self._bound: frozenset[str] = frozenset()

    def publish(self, messages: Sequence[OutgoingMessage]) -> Receipt:
        batch = _Batch()
        try:
            with self._cluster.translated_errors():
                self._find_out_about(messages)
                self._send(messages, batch)
        except BaseException:
            self._abandon()
            raise
        if batch.failure is not None:
            self._abandon()
            raise self._cluster.error(batch.failure)
        return batch.settling.receipt()

    def close(self) -> None:
        self._abandon()

    def _send(self, messages: Sequence[OutgoingMessage], batch: _Batch) -> None:
        producer = self._connected()
        for message in messages:
            if batch.settling.holds_back(message):
                continue
            reason = self._unfit(message)
            if reason is not None:
                batch.settling.refuse(message, reason)
            else:
                self._produce(producer, message, batch)
        producer.flush()  # until the last one is delivered, or given up after delivery.timeout.ms

    def _produce(self, producer: Producer, message: OutgoingMessage, batch: _Batch) -> None:
        while True:
            try:
                producer.produce(
                    self._topic(message),
                    key=message.key.removeprefix(f"{message.topic}:"),  # as Debezium's event router has it
                    value=message.body,
                    headers=[("content-type", CONTENT_TYPE), (ROUTING_KEY, message.routing_key)],
                    on_delivery=lambda error, _: batch.delivered(message, error),
                )
            except BufferError:
                producer.poll(1.0)
            else:
                producer.poll(0)
                return

    def _unfit(self, message: OutgoingMessage) -> str | None:
        if not is_routing_key(message.routing_key):
            return bad_routing_key(message.routing_key)
        topic = self._topic(message)
        limit = self._limits.get(topic)
        if limit is None:
            return f"there is no topic {topic}: `manage.py kafka_topics` makes what STRANGLER events need"
        if not self._fits(message):
            return (
                f"its body of {len(message.body)} bytes is larger than the topic {topic} takes (max.message.bytes is "
                f"{limit}, {RECORD_OVERHEAD} of them for what is around the body)"
            )
        return unroutable(message.routing_key) if message.mandatory and message.routing_key not in self._bound else None

    def _topic(self, message: OutgoingMessage) -> str:
        return topic_name(self._exchange, message.topic)

    def _fits(self, message: OutgoingMessage) -> bool:
        """Into its topic, as far as that is known."""
        return len(message.body) + RECORD_OVERHEAD <= self._limits.get(self._topic(message), 0)

    def _find_out_about(self, messages: Sequence[OutgoingMessage]) -> None:
        """Asks the cluster only where a batch holds a topic or a routing key that was not known before, or a message
        that its topic did not take then: somebody may have raised the limit since.
        """
        doubtful = {self._topic(each) for each in messages if not self._fits(each)}
        if doubtful:
            admin = self._cluster.admin()
            self._limits.update(topics.limits(admin, doubtful & topics.existing(admin).keys()))
        if any(each.mandatory and each.routing_key not in self._bound for each in messages):
            known = bindings.read(self._cluster, self._exchange).values()
            self._bound = frozenset().union(*(binding.routing_keys for binding in known))

    def _connected(self) -> Producer:
        if self._producer is None:
            self._producer = Producer(
                self._cluster.settings(
                    acks="all",
                    enable_idempotence=True,
                    partitioner="murmur2_random",  # Java's: a key stays in its partition whoever relays it
                    linger_ms=2,
                    batch_size=256 * 1024,
                    message_max_bytes=MAX_MESSAGE_BYTES,
                    delivery_timeout_ms=int(bounds.TIMEOUT * 1000),
                )
            )
        return self._producer

    def _abandon(self) -> None:
        """What was not confirmed is sent again by whoever asked for it, not by a forgotten producer."""
        if self._producer is not None:
            self._producer.purge()
            self._producer.flush(0)
            self._producer = None
        self._limits.clear()


class _Batch:
    def __init__(self) -> None:
        self.settling = Settling()
        self.failure: KafkaError | None = None

    def delivered(self, message: OutgoingMessage, error: KafkaError | None) -> None:
        if error is None:
            self.settling.confirm(message)
        elif error.code() in _UNFIT:
            self.settling.refuse(message, f"Kafka refused it: {error.str()}")
        else:
            self.failure = error
