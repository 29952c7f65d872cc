"""Topics: how they are made, what fits into them, which of them a consumer finds, and where in them a key lies."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

pytest.importorskip("confluent_kafka")

from confluent_kafka import Consumer, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions

from strangler.brokers import Broker, connect
from strangler.brokers.kafka import cluster as cluster_module
from strangler.brokers.kafka import topics
from strangler.brokers.kafka.cluster import Cluster
from strangler.brokers.kafka.publisher import KafkaPublisher
from strangler.brokers.kafka.topics import TopicsFile, TopicSpec
from strangler.brokers.names import topic_name
from strangler.errors import BrokerUnavailable, ConfigurationError
from strangler.testing.link import KafkaLink
from strangler.testing.traffic import (
    NOTHING_FOR,
    PLACED,
    TOPIC,
    bodies_of,
    drain,
    message,
    prepared,
    publish,
)
from tests.support.waiting import until


def test_topics_are_made_as_declared_and_set_right_but_never_repartitioned(
    kafka_url: str, exchange: str, admin: AdminClient, tmp_path: Path
) -> None:
    file = tmp_path / "topics.toml"
    file.write_text('[defaults]\npartitions = 2\n[topics."orders.order".config]\n"cleanup.policy" = "compact"\n')
    spec = TopicsFile.read(file).spec(TOPIC)
    name = f"{exchange}.{TOPIC}"
    cluster = Cluster(kafka_url)
    assert list(topics.apply(cluster, {name: spec}, dry_run=True)) == [f"{name}: made, 2 partitions"]
    assert name not in topics.existing(admin)
    assert list(topics.apply(cluster, {name: spec})) == [f"{name}: made, 2 partitions"]
    assert list(topics.apply(cluster, {name: spec})) == []
    longer = spec.model_copy(update={"config": {**spec.config, "retention.ms": "1000000"}})
    assert list(topics.apply(cluster, {name: longer})) == [f"{name}: retention.ms = 1000000 (was 604800000)"]
    for done in admin.create_partitions([NewPartitions(name, 3)]).values():
        done.result()
    until(lambda: topics.existing(admin)[name] == 3, "the new partition")
    with pytest.raises(ConfigurationError, match="has 3 partitions, 2 are declared"):
        list(topics.apply(cluster, {name: longer}))


@pytest.mark.parametrize(
    ("content", "said"),
    [("[defaults]\npartitions = 0", "partitions"), ("[nonsense]", "nonsense"), ("= 1", "no TOML")],
)
def test_a_mistake_in_the_topics_file_is_named(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "topics.toml"
    file.write_text(content)
    with pytest.raises(ConfigurationError, match=said):
        TopicsFile.read(file)


def test_a_topic_that_is_missing_is_explained_and_nothing_is_made_in_passing(
    kafka_url: str, exchange: str, admin: AdminClient
) -> None:
    broker = connect(kafka_url, exchange=exchange)
    broker.declare("billing", [PLACED])
    with broker.publisher() as publisher:
        receipt = publisher.publish([sent := message()])
        assert "kafka_topics" in receipt.refused[sent.id]
        assert topic_name(exchange, TOPIC) not in topics.existing(admin)
        prepared(kafka_url, exchange)
        assert publisher.publish([sent]).confirmed == [sent.id]
    with broker.subscriber("billing", [PLACED], prefetch=5) as subscriber:
        assert drain(subscriber, 1) == [sent.body]


def test_a_topic_that_is_made_later_is_found_by_a_consumer_that_works_already(
    broker: Broker, kafka_url: str, exchange: str
) -> None:
    with broker.subscriber("billing", [PLACED], prefetch=5) as subscriber:
        assert subscriber.receive(timeout=NOTHING_FOR) == []
        list(topics.apply(Cluster(kafka_url), {topic_name(exchange, "orders.refund"): TopicSpec(partitions=1)}))
        publish(broker, [sent := replace(message(), topic="orders.refund")])
        assert drain(subscriber, 1) == [sent.body]


def test_a_message_above_the_topics_limit_is_refused_until_somebody_raises_it_and_the_rest_goes_out(
    kafka_url: str, exchange: str
) -> None:
    small = TopicSpec(partitions=1, config={"max.message.bytes": "20000"})
    name = topic_name(exchange, TOPIC)
    list(topics.apply(Cluster(kafka_url), {name: small}))
    broker = connect(kafka_url, exchange=exchange)
    with broker.subscriber("billing", [PLACED], prefetch=50) as subscriber, broker.publisher() as publisher:
        others = [message(number, key=f"order:{number}") for number in range(20)]
        big, behind = message(99, key="big", body=b"x" * 20_001), message(100, key="big")
        receipt = publisher.publish([*others[:10], big, behind, *others[10:]])
        assert "max.message.bytes is 20000" in receipt.refused[big.id]
        assert set(receipt.confirmed) == {each.id for each in others}
        assert set(drain(subscriber, 20)) == set(bodies_of(others))
        list(topics.apply(Cluster(kafka_url), {name: small.model_copy(update={"config": {}})}))
        assert publisher.publish([big, behind]).confirmed == [big.id, behind.id]


def test_the_largest_message_that_is_taken_really_fits(broker: Broker) -> None:
    largest = cluster_module.MAX_MESSAGE_BYTES - 1024
    with broker.subscriber("billing", [PLACED], prefetch=5) as subscriber, broker.publisher() as publisher:
        sent = message(1, body=b"x" * largest)
        assert publisher.publish([sent]).confirmed == [sent.id]
        assert drain(subscriber, 1) == [sent.body]
        assert set(publisher.publish([too_large := message(2, body=b"x" * (largest + 1))]).refused) == {too_large.id}


def test_a_key_lies_without_its_type_in_the_partition_where_javas_clients_look_for_it(
    broker: Broker, kafka_url: str, exchange: str
) -> None:
    """As Debezium on Connect puts it: a key stays where it is, in order, when the relay changes.

    The hashes are murmur2's, from Kafka's own UtilsTest; the sign does not count.
    """
    hashes = {
        "21": -973932308,
        "foobar": -790332482,
        "a-little-bit-long-string": -985981536,
        "a-little-bit-longer-string": -1486304829,
        "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
        "abc": 479470107,
    }
    broker.declare("billing", [PLACED])
    publish(broker, [message(key=f"{TOPIC}:{key}") for key in hashes])
    reader = Consumer({**Cluster(kafka_url).settings(), "group.id": exchange})
    reader.assign([TopicPartition(topic_name(exchange, TOPIC), partition, 0) for partition in range(3)])
    found: list[Message] = []
    until(lambda: found.extend(reader.consume(10, timeout=0.5)) or len(found) == len(hashes), "the records")
    reader.close()
    lies = {(record.key() or b"").decode(): record.partition() for record in found}
    assert lies == {key: (hash & 0x7FFFFFFF) % 3 for key, hash in hashes.items()}


def test_a_record_that_somebody_else_put_there_is_delivered_and_not_lost(
    broker: Broker, kafka_url: str, exchange: str
) -> None:
    with broker.subscriber("billing", [PLACED], prefetch=5) as subscriber:
        producer = Producer(Cluster(kafka_url).settings())
        producer.produce(topic_name(exchange, TOPIC), value=b"not ours", key=b"1")
        producer.flush()
        assert drain(subscriber, 1) == [b"not ours"]


@pytest.mark.usefixtures("hasty")
def test_a_topic_that_is_deleted_is_missed_and_then_named(broker: Broker, exchange: str, admin: AdminClient) -> None:
    broker.declare("billing", [PLACED])
    with broker.publisher() as publisher:
        publisher.publish([message(1)])
        for deleted in admin.delete_topics([f"{exchange}.{TOPIC}"]).values():
            deleted.result()
        until(lambda: f"{exchange}.{TOPIC}" not in topics.existing(admin), "the topic to be gone")
        with pytest.raises(BrokerUnavailable):
            publisher.publish([lost := message(2)])
        assert "kafka_topics" in publisher.publish([lost]).refused[lost.id]


class TestALogThatIsWatched:
    @pytest.fixture
    def link(self, broker: Broker, kafka_url: str, exchange: str) -> Iterator[KafkaLink]:
        broker.declare("billing", [PLACED])
        link = KafkaLink(kafka_url, exchange)
        yield link
        link.close()

    @pytest.fixture
    def records(self, kafka_url: str, exchange: str) -> Iterator[Callable[[], int]]:
        """How many are in the topic."""
        reader = Consumer({**Cluster(kafka_url).settings(), "group.id": exchange})

        def count() -> int:
            ends = (reader.get_watermark_offsets(TopicPartition(f"{exchange}.{TOPIC}", each)) for each in range(3))
            return sum(end for _, end in ends)

        yield count
        reader.close()

    def test_what_was_confirmed_in_vain_is_not_in_it_twice(self, link: KafkaLink, records: Callable[[], int]) -> None:
        """The producer is idempotent: what it sends again is known by its number."""
        with link.broker.publisher() as publisher:
            publisher.publish([message(1)])
            link.lose_answers()
            publishing = threading.Thread(target=publisher.publish, args=[[message(number) for number in range(2, 12)]])
            publishing.start()
            until(lambda: records() == 11, "the records to be written")
            link.cut()
            publishing.join()
        assert records() == 11

    def test_what_was_given_up_does_not_come_later_from_a_producer_that_somebody_still_holds(
        self, link: KafkaLink
    ) -> None:
        """A traceback does, for one."""
        with link.broker.publisher() as publisher:
            assert isinstance(publisher, KafkaPublisher)
            publisher.publish([message(1)])
            producer, no_key = publisher._connected(), cast("str", None)
            link.stall()
            with pytest.raises(AttributeError):
                publisher.publish([message(2), message(3, key=no_key)])
            assert len(producer) == 0, "messages on their way"
