"""What only Kafka has: partitions that are shared out, a log that can be read again, topics, a server that can die."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

pytest.importorskip("confluent_kafka")

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewPartitions

from devstack.kafka import NativeKafka
from strangler.brokers import Broker, Delivery, OutgoingMessage, connect
from strangler.brokers.kafka import cluster as cluster_module
from strangler.brokers.kafka import topics
from strangler.brokers.kafka.broker import KafkaBroker
from strangler.brokers.kafka.cluster import Cluster
from strangler.brokers.kafka.topics import TopicsFile, TopicSpec
from strangler.errors import BrokerUnavailable, ConfigurationError
from strangler.testing.link import KafkaLink
from strangler.testing.traffic import (
    NOTHING_FOR,
    PLACED,
    TOPIC,
    bodies_of,
    contents,
    drain,
    message,
    per_key,
    prepared,
    receive,
)
from tests.stack import servers
from tests.support.waiting import until


@pytest.fixture
def exchange() -> str:
    return f"kafka-{uuid4().hex[:8]}"


@pytest.fixture
def broker(kafka_url: str, exchange: str) -> Broker:
    return prepared(kafka_url, exchange)


@pytest.fixture
def admin(kafka_url: str) -> AdminClient:
    return Cluster(kafka_url).admin()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_module, "TIMEOUT", 3.0)


def publish(broker: Broker, messages: Sequence[OutgoingMessage]) -> None:
    with broker.publisher() as publisher:
        assert not publisher.publish(messages).refused


class Member(threading.Thread):
    """A consumer of the group that notes what it gets, until it is told to stop."""

    def __init__(self, broker: Broker) -> None:
        super().__init__(daemon=True)
        self._broker = broker
        self._stop_asked = threading.Event()
        self.bodies: list[bytes] = []
        self.start()

    def run(self) -> None:
        with self._broker.subscriber("billing", [PLACED], prefetch=20) as subscriber:
            while not self._stop_asked.is_set():
                deliveries = subscriber.receive(timeout=0.2)
                self.bodies += contents(deliveries)
                subscriber.ack(deliveries)

    def leave(self) -> None:
        self._stop_asked.set()
        self.join(timeout=30)
        assert not self.is_alive()


def test_members_share_the_partitions_and_each_key_stays_in_order_while_they_come_and_go(broker: Broker) -> None:
    broker.declare("billing", [PLACED])
    sent: list[OutgoingMessage] = []
    members = [Member(broker)]

    def send_some() -> None:
        batch = [message(len(sent) + place, key=f"order:{place % 20}") for place in range(200)]
        publish(broker, batch)
        sent.extend(batch)

    def arrived() -> set[bytes]:
        return {body for member in members for body in member.bodies}

    send_some()
    until(lambda: len(arrived()) == len(sent), "the first member to get everything")
    members.append(Member(broker))
    while not members[1].bodies:
        send_some()
        until(lambda: len(arrived()) == len(sent), "both to get everything")
    members[0].leave()
    send_some()
    until(lambda: len(arrived()) == len(sent), "the second member to get everything")
    members[1].leave()
    for key in range(20):
        wanted = per_key(bodies_of(sent), f"order:{key}")
        for member in members:
            got = list(dict.fromkeys(per_key(member.bodies, f"order:{key}")))
            assert got == [body for body in wanted if body in got]


def test_a_delivery_from_a_partition_that_went_to_another_member_is_void(broker: Broker) -> None:
    with broker.subscriber("billing", [PLACED], prefetch=100) as first:
        publish(broker, sent := [message(number, key=f"order:{number}") for number in range(60)])
        held = receive(first, 60)
        second = Member(broker)
        until(lambda: second.bodies or first.receive(timeout=0.1), "some partitions to go to the second member")
        first.ack(held)
        first.receive(timeout=NOTHING_FOR)
    second.leave()
    assert set(second.bodies) < set(bodies_of(sent))


def test_a_killed_broker_loses_nothing_it_confirmed(hasty: None, tmp_path_factory: pytest.TempPathFactory) -> None:
    servers.require_native_kafka()
    with NativeKafka(tmp_path_factory.mktemp("kafka")) as server:
        broker = prepared(server.url, "events")
        subscriber, publisher = broker.subscriber("billing", [PLACED], prefetch=5), broker.publisher()
        sent = [message(number, key=f"order:{number % 3}") for number in range(50)]
        assert len(publisher.publish(sent).confirmed) == 50
        arrived = contents(receive(subscriber, 5))
        server.kill()
        with pytest.raises(BrokerUnavailable):
            publisher.publish([message()])
        with pytest.raises(BrokerUnavailable):
            until(lambda: subscriber.receive(timeout=1.0), "the subscriber to notice", seconds=30)
        server.start()
        again: list[Delivery] = []
        while len(again) < 50:  # of which partition first is Kafka's choice
            again += (taken := receive(subscriber, 1))
            subscriber.ack(taken)
        bodies = contents(again)
        assert {delivery.body for delivery in again if delivery.redelivered} == set(arrived)
        for key in range(3):
            assert per_key(bodies, f"order:{key}") == per_key(bodies_of(sent), f"order:{key}")
        assert not publisher.publish([message()]).refused
        subscriber.close()
        publisher.close()


@pytest.mark.usefixtures("hasty")
def test_a_broker_that_falls_silent_is_unavailable_after_a_bounded_wait(kafka_url: str, exchange: str) -> None:
    prepared(kafka_url, exchange).declare("billing", [PLACED])
    link = KafkaLink(kafka_url, exchange)
    with link.broker.publisher() as publisher:
        publisher.publish([message(1)])
        link.stall()
        with pytest.raises(BrokerUnavailable):
            publisher.publish([message(2)])
        link.cut()
        assert len(publisher.publish([message(2)]).confirmed) == 1
    link.close()


def test_a_message_above_the_topics_limit_is_refused_and_the_rest_goes_out(kafka_url: str, exchange: str) -> None:
    small = {topics.topic_name(exchange, TOPIC): TopicSpec(partitions=1, config={"max.message.bytes": "20000"})}
    list(topics.apply(Cluster(kafka_url), small))
    broker = connect(kafka_url, exchange=exchange)
    with broker.subscriber("billing", [PLACED], prefetch=50) as subscriber, broker.publisher() as publisher:
        others = [message(number, key=f"order:{number}") for number in range(20)]
        big, behind = message(99, key="big", body=b"x" * 20_001), message(100, key="big")
        receipt = publisher.publish([*others[:10], big, behind, *others[10:]])
        assert "max.message.bytes is 20000" in receipt.refused[big.id]
        assert set(receipt.confirmed) == {each.id for each in others}
        assert set(drain(subscriber, 20)) == set(bodies_of(others))


def test_the_largest_message_that_is_taken_really_fits(broker: Broker) -> None:
    largest = cluster_module.MAX_MESSAGE_BYTES - 1024
    with broker.subscriber("billing", [PLACED], prefetch=5) as subscriber, broker.publisher() as publisher:
        sent = message(1, body=b"x" * largest)
        assert publisher.publish([sent]).confirmed == [sent.id]
        assert drain(subscriber, 1) == [sent.body]
        assert set(publisher.publish([too_large := message(2, body=b"x" * (largest + 1))]).refused) == {too_large.id}


def test_a_topic_that_is_missing_is_explained_and_nothing_is_made_in_passing(
    kafka_url: str, exchange: str, admin: AdminClient
) -> None:
    broker = connect(kafka_url, exchange=exchange)
    broker.declare("billing", [PLACED])
    with broker.publisher() as publisher:
        receipt = publisher.publish([sent := message()])
        assert "kafka_topics" in receipt.refused[sent.id]
        assert topics.topic_name(exchange, TOPIC) not in topics.existing(admin)
        prepared(kafka_url, exchange)
        assert publisher.publish([sent]).confirmed == [sent.id]
    with broker.subscriber("billing", [PLACED], prefetch=5) as subscriber:
        assert drain(subscriber, 1) == [sent.body]


def test_a_record_that_somebody_else_put_there_is_delivered_and_not_lost(
    broker: Broker, kafka_url: str, exchange: str
) -> None:
    with broker.subscriber("billing", [PLACED], prefetch=5) as subscriber:
        producer = Producer(Cluster(kafka_url).settings())
        producer.produce(topics.topic_name(exchange, TOPIC), value=b"not ours", key=b"1")
        producer.flush()
        assert drain(subscriber, 1) == [b"not ours"]


def test_the_log_is_read_again_from_its_beginning_or_from_a_moment_on(kafka_url: str, exchange: str) -> None:
    broker = prepared(kafka_url, exchange)
    assert isinstance(broker, KafkaBroker)
    broker.declare("billing", [PLACED])
    publish(broker, before := [message(number) for number in range(3)])
    moment = datetime.now(UTC)
    publish(broker, after := [message(number) for number in range(3, 5)])
    with broker.subscriber("latecomer", [PLACED], prefetch=10) as subscriber:
        assert subscriber.receive(timeout=NOTHING_FOR) == []
        with pytest.raises(ConfigurationError, match="works just now"):
            broker.rewind("latecomer", [PLACED], None)
    assert broker.rewind("latecomer", [PLACED], moment) == 2
    with broker.subscriber("latecomer", [PLACED], prefetch=10) as subscriber:
        assert drain(subscriber, 2) == bodies_of(after)
    assert broker.rewind("latecomer", [PLACED], None) == 5
    with broker.subscriber("latecomer", [PLACED], prefetch=10) as subscriber:
        assert drain(subscriber, 5) == bodies_of([*before, *after])


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


@pytest.mark.parametrize("url", ["kafka://", "kafka://host/path", "kafka://host?unknown=1"])
def test_a_wrong_url_is_a_matter_of_configuration(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r'STRANGLER\["BROKER_URL"\]'):
        connect(url)


def test_a_password_in_the_url_is_given_to_kafka_decoded_and_never_shown() -> None:
    cluster = Cluster("kafkas://app:p%40ss@one:9093,two?sasl_mechanism=PLAIN")
    assert cluster.address == "one:9093,two"
    settings = cluster.settings()
    assert settings["bootstrap.servers"] == "one:9093,two:9092"
    assert (settings["security.protocol"], settings["sasl.mechanism"]) == ("SASL_SSL", "PLAIN")
    assert (settings["sasl.username"], settings["sasl.password"]) == ("app", "p@ss")
