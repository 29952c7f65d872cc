"""Which consumer group takes which routing keys: a compacted topic that stands for AMQP's bindings.

Kafka itself keeps everything for everybody. With this the port's promises hold here, too: a group misses nothing from
its declaration on and gets nothing from before, and a message that nobody takes is refused while somebody can see it.
"""

from __future__ import annotations

from collections.abc import Sequence

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec
from pydantic import BaseModel, ConfigDict

from strangler.brokers.kafka import topics
from strangler.brokers.kafka.cluster import TIMEOUT, Cluster
from strangler.brokers.kafka.offsets import offsets
from strangler.errors import BrokerUnavailable

Ends = dict[str, dict[int, int]]  # by topic and partition, as JSON can hold it


class Binding(BaseModel):
    """What a group takes, and where the log of each topic ended when it first asked for it."""

    model_config = ConfigDict(frozen=True)

    routing_keys: frozenset[str] = frozenset()
    start: Ends = {}

    def began(self, topic: str, partition: int) -> int:
        """Where the group begins that has committed nothing there; topics made since are its own from the beginning."""
        return self.start.get(topic, {}).get(partition, 0)


def read(cluster: Cluster, exchange: str) -> dict[str, Binding]:
    """By group. Raises KafkaException, and `BrokerUnavailable` when the topic isn't read to its end in time."""
    topic = topics.bindings_topic(exchange)
    if topic not in topics.existing(cluster.admin()):
        return {}
    reader = Consumer(
        cluster.settings(
            group_id=f"{exchange}.bindings-reader",  # the client wants one; nothing is ever committed
            enable_auto_commit=False,
            enable_partition_eof=True,
            fetch_wait_max_ms=10,
        )
    )
    try:
        reader.assign([TopicPartition(topic, 0, 0)])
        return _read_to_the_end(cluster, reader)
    finally:
        reader.close()


def declare(cluster: Cluster, exchange: str, group: str, routing_keys: Sequence[str]) -> Binding:
    """Raises KafkaException."""
    admin = cluster.admin()
    if topics.bindings_topic(exchange) not in topics.existing(admin):
        topics.create(admin, {topics.bindings_topic(exchange): topics.BINDINGS})
    known = read(cluster, exchange).get(group, Binding())
    if set(routing_keys) <= known.routing_keys:
        return known
    new_owners = {topics.owner_of(key) for key in routing_keys} - {topics.owner_of(key) for key in known.routing_keys}
    binding = Binding(
        routing_keys=known.routing_keys | set(routing_keys), start={**known.start, **_ends(admin, exchange, new_owners)}
    )
    _write(cluster, exchange, group, binding)
    return binding


def _read_to_the_end(cluster: Cluster, reader: Consumer) -> dict[str, Binding]:
    found: dict[str, Binding] = {}
    while (message := reader.poll(TIMEOUT)) is not None:
        error = message.error()
        if error is None:
            found[_text(message.key())] = Binding.model_validate_json(_text(message.value()))
        elif error.code() == KafkaError._PARTITION_EOF:
            return found
        elif not error.retriable():
            raise KafkaException(error)
    raise BrokerUnavailable(f"Kafka at {cluster.address} says nothing of its bindings for {TIMEOUT:.0f} s")


def _ends(admin: AdminClient, exchange: str, owners: set[str]) -> Ends:
    partitions = topics.partitions_of(admin, exchange, owners)
    if not partitions:
        return {}
    ends: Ends = {}
    for (topic, partition), end in offsets(admin, partitions, OffsetSpec.latest()).items():
        ends.setdefault(topic, {})[partition] = end
    return ends


def _write(cluster: Cluster, exchange: str, group: str, binding: Binding) -> None:
    said: list[KafkaError | None] = []
    # Written twice it says the same: no need of idempotence, for which a new cluster keeps a producer waiting, warning.
    producer = Producer(cluster.settings(acks="all", delivery_timeout_ms=int(TIMEOUT * 1000)))
    producer.produce(
        topics.bindings_topic(exchange),
        key=group,
        value=binding.model_dump_json(),
        on_delivery=lambda error, _: said.append(error),
    )
    producer.flush()
    for error in said:
        if error is not None:
            raise KafkaException(error)


def _text(value: bytes | str | None) -> str:
    return value.decode() if isinstance(value, bytes) else value or ""
