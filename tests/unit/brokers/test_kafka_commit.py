"""A commit that meets a rebalance, at the moment between two generations that no test can hit at will."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("confluent_kafka")

from confluent_kafka import KafkaError, KafkaException

from strangler.brokers.kafka.bindings import Binding
from strangler.brokers.kafka.cluster import Cluster
from strangler.brokers.kafka.progress import Progress
from strangler.brokers.kafka.subscriber import KafkaSubscriber


class Consumer:
    """Its coordinator says this to the first commit, and takes the next."""

    def __init__(self, code: int) -> None:
        self._codes = [code]
        self.committed: list[Any] = []

    def commit(self, *, offsets: list[Any], asynchronous: bool) -> None:
        if self._codes:
            raise KafkaException(KafkaError(self._codes.pop()))
        self.committed = offsets


@pytest.fixture
def subscriber() -> KafkaSubscriber:
    subscriber = KafkaSubscriber(Cluster("kafka://nowhere"), "events", "events.billing", Binding(), prefetch=5)
    subscriber._held["t", 0] = progress = Progress(7)
    progress.take(7)
    return subscriber


@pytest.mark.parametrize("code", [KafkaError.REBALANCE_IN_PROGRESS, KafkaError.ILLEGAL_GENERATION])
def test_it_is_made_good_by_the_next_one(subscriber: KafkaSubscriber, code: int) -> None:
    consumer: Any = Consumer(code)
    subscriber._commit(consumer)
    subscriber._commit(consumer)
    assert [(each.topic, each.partition, each.offset, each.metadata) for each in consumer.committed] == [
        ("t", 0, 7, "8:")
    ]


def test_any_other_refusal_is_raised(subscriber: KafkaSubscriber) -> None:
    consumer: Any = Consumer(KafkaError.GROUP_AUTHORIZATION_FAILED)
    with pytest.raises(KafkaException, match="GROUP_AUTHORIZATION_FAILED"):
        subscriber._commit(consumer)
