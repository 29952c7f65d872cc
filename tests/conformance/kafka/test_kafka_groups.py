"""What a group takes and where it begins: bindings, and a log that can be read again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from tests.support.waiting import until

pytest.importorskip("confluent_kafka")

from confluent_kafka.admin import AdminClient

from strangler.brokers import Broker
from strangler.brokers.kafka import bindings, topics
from strangler.brokers.kafka.broker import KafkaBroker
from strangler.brokers.kafka.cluster import Cluster
from strangler.brokers.kafka.topics import TopicSpec
from strangler.errors import ConfigurationError
from strangler.testing.traffic import (
    NOTHING_FOR,
    PAID,
    PLACED,
    bodies_of,
    drain,
    message,
    prepared,
    publish,
)


def test_consumers_that_start_together_make_the_bindings_once_and_are_all_in_them(
    kafka_url: str, exchange: str, admin: AdminClient
) -> None:
    groups = ["billing", "shipping", "reporting", "billing", "shipping"]
    with ThreadPoolExecutor(len(groups)) as pool:
        list(pool.map(lambda group: prepared(kafka_url, exchange).declare(group, [PLACED]), groups))
    assert bindings.read(Cluster(kafka_url), exchange).keys() == set(groups)
    kept = {topics.bindings_topic(exchange): TopicSpec(partitions=1, config={"cleanup.policy": "compact"})}
    assert list(topics.apply(Cluster(kafka_url), kept, dry_run=True)) == []


def test_a_group_that_asks_for_more_keeps_what_it_took_and_where_it_began(broker: Broker) -> None:
    broker.declare("others", [PAID])
    publish(broker, [message(1, routing_key=PAID)])
    broker.declare("billing", [PLACED])
    publish(broker, [first := message(2)])
    broker.declare("billing", [PAID])
    publish(broker, [second := message(3)])
    with broker.subscriber("billing", [PLACED, PAID], prefetch=5) as subscriber:
        assert drain(subscriber, 2) == [first.body, second.body]
        assert subscriber.receive(timeout=NOTHING_FOR) == []


def test_a_group_whose_offsets_kafka_has_forgotten_starts_where_it_was_declared(
    broker: Broker, exchange: str, admin: AdminClient
) -> None:
    broker.declare("others", [PLACED])
    publish(broker, [message(1)])
    broker.declare("billing", [PLACED])
    publish(broker, [mine := message(2)])
    with broker.subscriber("billing", [PLACED], prefetch=5) as subscriber:
        assert drain(subscriber, 1) == [mine.body]
    for deleted in admin.delete_consumer_groups([f"{exchange}.billing"]).values():
        deleted.result()
    with broker.subscriber("billing", [PLACED], prefetch=5) as subscriber:
        assert drain(subscriber, 1) == [mine.body]


def test_what_a_group_passes_over_is_behind_it_and_nothing_is_committed_twice(broker: Broker) -> None:
    broker.declare("others", [PLACED])
    publish(broker, [message(0)])
    broker.declare("billing", [PAID])
    assert broker.backlog("billing", [PAID]) == 0
    with broker.subscriber("billing", [PAID], prefetch=5) as subscriber:
        publish(broker, [message(1), message(2), paid := message(3, routing_key=PAID), message(4)])
        assert drain(subscriber, 1) == [paid.body]
        until(lambda: subscriber.receive(timeout=0.1) or broker.backlog("billing", [PAID]) == 0, "the end of the log")
        assert [progress.unsaved() for progress in subscriber._held.values()] == [None] * 3


def test_the_log_is_read_again_from_its_beginning_or_from_a_moment_on(kafka_url: str, exchange: str) -> None:
    broker = prepared(kafka_url, exchange)
    assert isinstance(broker, KafkaBroker)
    broker.declare("billing", [PLACED])
    publish(broker, before := [message(number, key=f"order:{number}") for number in range(6)])
    moment = datetime.now(UTC)
    publish(broker, after := [message(number) for number in range(6, 8)])
    with broker.subscriber("latecomer", [PLACED], prefetch=10) as subscriber:
        assert subscriber.receive(timeout=NOTHING_FOR) == []
        with pytest.raises(ConfigurationError, match="works just now"):
            broker.rewind("latecomer", [PLACED], None)
    assert broker.rewind("latecomer", [PLACED], moment) == 2
    with broker.subscriber("latecomer", [PLACED], prefetch=10) as subscriber:
        assert drain(subscriber, 2) == bodies_of(after)
    assert broker.rewind("latecomer", [PLACED], None) == 8
    with broker.subscriber("latecomer", [PLACED], prefetch=10) as subscriber:
        assert sorted(drain(subscriber, 8)) == sorted(bodies_of([*before, *after]))
