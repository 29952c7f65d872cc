"""Reading the log again, from its beginning or from a moment on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from strangler.brokers.kafka import topics
from strangler.brokers.kafka.cluster import Cluster
from strangler.brokers.kafka.offsets import Offsets, offsets
from strangler.errors import ConfigurationError

_AT_WORK = {KafkaError.NON_EMPTY_GROUP, KafkaError.UNKNOWN_MEMBER_ID, KafkaError.REBALANCE_IN_PROGRESS}


def rewind(cluster: Cluster, exchange: str, group_id: str, routing_keys: Sequence[str], since: datetime | None) -> int:
    """Returns how many records lie between there and the end. Raises KafkaException, `ConfigurationError`."""
    admin = cluster.admin()
    partitions = topics.partitions_of(admin, exchange, {topics.owner_of(key) for key in routing_keys})
    if not partitions:
        return 0
    ends = offsets(admin, partitions, OffsetSpec.latest())
    wanted = OffsetSpec.earliest() if since is None else OffsetSpec.for_timestamp(round(since.timestamp() * 1000))
    found = offsets(admin, partitions, wanted)
    starts = {
        where: offset if offset >= 0 else ends[where] for where, offset in found.items()
    }  # -1: nothing since then
    _set(admin, group_id, starts)
    return sum(ends[where] - start for where, start in starts.items())


def _set(admin: AdminClient, group_id: str, starts: Offsets) -> None:
    partitions = [TopicPartition(*where, offset) for where, offset in starts.items()]
    [done] = admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(group_id, partitions)]).values()
    try:
        errors = [each.error for each in done.result().topic_partitions if each.error is not None]
    except KafkaException as raised:
        errors = [raised.args[0]]
    for error in errors:
        if error.code() in _AT_WORK:
            raise ConfigurationError(f"a consumer of {group_id} works just now: stop all of the group's and try again")
        raise KafkaException(error)
