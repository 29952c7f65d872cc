"""How far a group is behind: from what it has committed to the ends of its topics."""

from __future__ import annotations

from collections.abc import Sequence

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from strangler.brokers.kafka import topics
from strangler.brokers.kafka.bindings import Binding
from strangler.brokers.kafka.cluster import TIMEOUT, Cluster
from strangler.brokers.kafka.offsets import Offsets, offsets


def of(cluster: Cluster, exchange: str, group_id: str, binding: Binding, routing_keys: Sequence[str]) -> int:
    """In records. Raises KafkaException."""
    admin = cluster.admin()
    partitions = topics.partitions_of(admin, exchange, {topics.owner_of(key) for key in routing_keys})
    committed = _committed(admin, group_id, partitions)
    behind = 0
    for where, end in offsets(admin, partitions, OffsetSpec.latest()).items():
        behind += max(0, end - committed.get(where, binding.began(*where)))
    return behind


def _committed(admin: AdminClient, group_id: str, partitions: list[TopicPartition]) -> Offsets:
    """Of the partitions that the group has ever committed."""
    if not partitions:
        return {}
    asked = ConsumerGroupTopicPartitions(group_id, partitions)
    [told] = admin.list_consumer_group_offsets([asked], request_timeout=TIMEOUT).values()
    found: Offsets = {}
    for each in told.result().topic_partitions:
        if each.error is not None:
            raise KafkaException(each.error)
        if each.offset >= 0:
            found[each.topic, each.partition] = each.offset
    return found
