"""Where partitions end, or where a moment is in them."""

from __future__ import annotations

import time
from collections.abc import Iterable

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from strangler.brokers.kafka.cluster import TIMEOUT

_NO_LEADER_YET = {
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
}
_ASK_AGAIN = 0.1


Offsets = dict[tuple[str, int], int]


def offsets(admin: AdminClient, partitions: Iterable[TopicPartition], wanted: OffsetSpec) -> Offsets:
    """Asks again while a partition has no leader, as one that was just made. Raises KafkaException."""
    until, found, left = time.monotonic() + TIMEOUT, Offsets(), list(partitions)
    while left:
        asked, left = admin.list_offsets(dict.fromkeys(left, wanted), request_timeout=TIMEOUT), []
        for each, answer in asked.items():
            try:
                found[each.topic, each.partition] = answer.result().offset
            except KafkaException as error:
                if error.args[0].code() not in _NO_LEADER_YET or time.monotonic() > until:
                    raise
                left.append(each)
        if left:
            time.sleep(_ASK_AGAIN)
    return found
