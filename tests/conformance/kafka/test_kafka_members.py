"""What only Kafka has: partitions that are shared out among the members of a group, and a server that can die."""

from __future__ import annotations

import threading

import pytest

pytest.importorskip("confluent_kafka")


from devstack.kafka import NativeKafka
from strangler.brokers import Broker, Delivery, OutgoingMessage
from strangler.errors import BrokerUnavailable
from strangler.testing.link import KafkaLink
from strangler.testing.traffic import (
    NOTHING_FOR,
    PLACED,
    bodies_of,
    contents,
    message,
    per_key,
    prepared,
    publish,
    receive,
)
from tests.stack import servers
from tests.support.waiting import until


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


def test_what_was_taken_from_a_partition_that_went_to_another_member_is_void_and_no_longer_out(broker: Broker) -> None:
    with broker.subscriber("billing", [PLACED], prefetch=60) as first:
        publish(broker, sent := [message(number, key=f"order:{number}") for number in range(60)])
        held = receive(first, 60)
        second = Member(broker)
        until(lambda: second.bodies or first.receive(timeout=0.1), "some partitions to go to the second member")
        first.ack(held)
        first.receive(timeout=NOTHING_FOR)
        assert set(second.bodies) < set(bodies_of(sent))
        publish(broker, [message(number, key=f"order:{number}") for number in range(600)])
        assert len(receive(first, 60)) == 60
        second.leave()
        publish(broker, [message(number, key=f"order:{number}") for number in range(60)])

        def has_all_partitions() -> bool:
            assert first.receive(timeout=0.1) == []
            return len(first._held) == 3

        until(has_all_partitions, "the second member's partitions")
        assert first.receive(timeout=NOTHING_FOR) == []


def test_a_partition_that_was_taken_away_while_prefetch_was_out_is_read_on_when_it_comes_back(broker: Broker) -> None:
    with broker.subscriber("billing", [PLACED], prefetch=60) as first:
        publish(broker, [message(number, key=f"order:{number}") for number in range(60)])
        held = receive(first, 60)
        first.receive(timeout=NOTHING_FOR)
        second = Member(broker)
        until(lambda: second.bodies or first.receive(timeout=0.1), "some partitions to go to the second member")
        second.leave()
        first.ack(held)
        publish(broker, later := [message(number, key=f"order:{number}") for number in range(100, 160)])
        arrived: set[bytes] = set()

        def all_came() -> bool:
            deliveries = first.receive(timeout=0.1)
            arrived.update(contents(deliveries))
            first.ack(deliveries)
            return set(bodies_of(later)) <= arrived

        until(all_came, "what lies in every partition")


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
            until(lambda: subscriber.receive(timeout=1.0), "the subscriber to notice")
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
