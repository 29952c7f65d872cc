"""What only RabbitMQ has: a server of its own that can die, fill up, block, or hold a queue made by somebody else."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from threading import Timer
from uuid import uuid4

import kombu
import pytest

from devstack.rabbitmq import VHOST, NativeRabbitMQ
from strangler.brokers import Broker, connect
from strangler.brokers.amqp import session as session_module
from strangler.brokers.amqp import topology
from strangler.brokers.amqp.topology import NEW_QUEUE_SECONDS
from strangler.brokers.amqp.unroutable import Unroutable
from strangler.errors import BrokerUnavailable, ConfigurationError
from strangler.testing.link import TcpLink
from strangler.testing.traffic import AGAIN, NOBODYS, PAID, PLACED, bodies_of, contents, drain, message, receive
from tests.support.waiting import until


@pytest.fixture(scope="module")
def server(new_rabbitmq: Callable[[], NativeRabbitMQ]) -> Iterator[NativeRabbitMQ]:
    """Not the one the conformance suite uses: this one is ill-treated."""
    with new_rabbitmq() as server:
        yield server


@pytest.fixture
def exchange() -> str:
    return f"rabbit-{uuid4().hex[:8]}"


@pytest.fixture
def broker(server: NativeRabbitMQ, exchange: str) -> Broker:
    return connect(server.url, exchange=exchange)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "TIMEOUT", 2.0)


def test_a_killed_broker_loses_nothing_it_confirmed(
    server: NativeRabbitMQ, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topology, "NEW_QUEUE_SECONDS", NEW_QUEUE_SECONDS)
    subscriber, publisher = broker.subscriber("billing", [PLACED], prefetch=5), broker.publisher()
    sent = [message(number, key=f"order:{number % 3}") for number in range(50)]
    assert len(publisher.publish(sent).confirmed) == 50
    arrived = {delivery.body for delivery in receive(subscriber, 5)}
    server.kill()
    with pytest.raises(BrokerUnavailable):
        publisher.publish([message()])
    with pytest.raises(BrokerUnavailable):
        subscriber.receive(timeout=5)
    server.start()
    again = receive(subscriber, 5)
    assert {delivery.body for delivery in again} == arrived
    assert all(delivery.redelivered for delivery in again)
    subscriber.ack(again)
    rest = drain(subscriber, 45)
    for key in range(3):
        expected = [each.body for each in sent if each.key == f"order:{key}"]
        assert [body for body in contents(again) + rest if body in expected] == expected
    assert not publisher.publish([message()]).refused
    subscriber.close()
    publisher.close()


def test_a_broker_that_takes_nothing_for_some_seconds_is_waited_for(server: NativeRabbitMQ, exchange: str) -> None:
    """Flow control: it stops reading, until what is sent fills the buffers on both sides of the connection."""
    link = TcpLink(server.url, exchange)
    with link.broker.subscriber("billing", [PLACED], prefetch=1), link.broker.publisher() as publisher:
        publisher.publish([message()])
        link.stall()
        Timer(3, link.heal).start()
        sent = [message(number, key=f"order:{number}", body=b"x" * 1_000_000) for number in range(30)]
        assert set(publisher.publish(sent).confirmed) == {each.id for each in sent}
    link.close()


def test_a_message_above_the_servers_limit_is_refused_and_the_rest_goes_out(
    server: NativeRabbitMQ, broker: Broker
) -> None:
    server.control("eval", "application:set_env(rabbit, max_message_size, 10000).")
    try:
        with broker.subscriber("billing", [PLACED], prefetch=50) as subscriber, broker.publisher() as publisher:
            others = [message(number, key=f"order:{number}") for number in range(20)]
            big, behind = message(99, key="big", body=b"x" * 10_001), message(100, key="big")
            receipt = publisher.publish([*others[:10], big, behind, *others[10:]])
            assert "10000 bytes" in receipt.refused[big.id]
            assert set(receipt.confirmed) == {each.id for each in others}
            arrived: set[bytes] = set()
            while len(arrived) < 20:  # some were sent twice: their confirmations went with the channel
                deliveries = receive(subscriber, 1)
                subscriber.ack(deliveries)
                arrived |= set(contents(deliveries))
            assert arrived == set(bodies_of(others))
    finally:
        server.control("eval", "application:set_env(rabbit, max_message_size, 134217728).")


def test_a_full_queue_refuses_and_what_comes_behind_is_held_back(
    server: NativeRabbitMQ, broker: Broker, exchange: str
) -> None:
    limit = '{"max-length":1,"overflow":"reject-publish"}'
    server.control("set_policy", "-p", "strangler", exchange, f"^{exchange}", limit, "--apply-to", "queues")
    broker.declare("billing", [PLACED])
    confirmed, refused = set(), set()
    with broker.publisher() as publisher:
        for number in range(50):
            first, second = message(number, key=f"order:{number}"), message(-number, key=f"order:{number}")
            receipt = publisher.publish([first, second])
            confirmed |= set(receipt.confirmed)
            refused |= set(receipt.refused)
            if first.id in receipt.refused:
                assert "basic.nack" in receipt.refused[first.id]
                assert second.id not in {*receipt.refused, *receipt.confirmed}
    assert refused
    with broker.subscriber("billing", [PLACED], prefetch=200) as subscriber:
        drain(subscriber, len(confirmed))
        assert subscriber.receive(timeout=0.4) == []


@pytest.mark.usefixtures("hasty")
def test_a_broker_that_blocks_publishers_is_unavailable_and_says_why(server: NativeRabbitMQ, broker: Broker) -> None:
    broker.declare("billing", [PLACED])
    with broker.publisher() as publisher:
        publisher.publish([message(1)])
        server.control("set_vm_memory_high_watermark", "absolute", "1024")
        try:
            with pytest.raises(BrokerUnavailable, match="memory or disk alarm"):
                publisher.publish([message(2)])
        finally:
            server.control("set_vm_memory_high_watermark", "0.4")
        assert len(publisher.publish([message(3)]).confirmed) == 1


@pytest.mark.usefixtures("hasty")
def test_a_broker_that_falls_silent_is_unavailable_after_a_bounded_wait(server: NativeRabbitMQ, exchange: str) -> None:
    link = TcpLink(server.url, exchange)
    link.broker.declare("billing", [PLACED])
    with link.broker.publisher() as publisher:
        publisher.publish([message(1)])
        link.stall()
        with pytest.raises(BrokerUnavailable, match="it is silent"):
            publisher.publish([message(2)])
        link.cut()
        assert len(publisher.publish([message(2)]).confirmed) == 1
    link.close()


def test_a_connection_left_idle_is_replaced_before_it_is_used(
    server: NativeRabbitMQ, exchange: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = TcpLink(server.url, exchange)
    link.broker.declare("billing", [PLACED])
    with link.broker.publisher() as publisher:
        publisher.publish([message(1)])
        link.cut()
        monkeypatch.setattr(session_module, "HEARTBEAT", 0)
        assert len(publisher.publish([message(2)]).confirmed) == 1
    link.close()


def test_a_queue_somebody_else_made_is_explained(server: NativeRabbitMQ, broker: Broker, exchange: str) -> None:
    with kombu.Connection(server.url) as connection:
        connection.default_channel.queue_declare(f"{exchange}.billing", durable=True, auto_delete=False)
    with pytest.raises(ConfigurationError, match=f"queue '{exchange}.billing' exists .* made differently"):
        broker.declare("billing", [PLACED])


def test_a_wrong_password_is_a_matter_of_configuration_and_not_shown(server: NativeRabbitMQ) -> None:
    password = server.url.partition("@")[0].rpartition(":")[2]
    with pytest.raises(ConfigurationError, match=r'refuses the user .* STRANGLER\["BROKER_URL"\]') as raised:
        connect(server.url.replace(password, "wr0ng")).declare("billing", [PLACED])
    assert "wr0ng" not in str(raised.value)


def test_no_number_of_redeliveries_makes_the_broker_drop_a_message(broker: Broker) -> None:
    broker.declare("billing", [PLACED])
    with broker.publisher() as publisher:
        publisher.publish([sent := message()])
    for _ in range(30):
        with broker.subscriber("billing", [PLACED], prefetch=1) as subscriber:
            receive(subscriber, 1)
    with broker.subscriber("billing", [PLACED], prefetch=1) as subscriber:
        assert drain(subscriber, 1) == [sent.body]


def test_what_no_queue_takes_is_dropped_until_a_policy_keeps_it_and_can_be_sent_again(
    server: NativeRabbitMQ, broker: Broker, exchange: str
) -> None:
    """Of a publisher that does not ask; more than one batch, some of it still taken by nobody."""
    unroutable = Unroutable(server.url, exchange)
    unroutable.declare(["orders"])
    lost, kept = message(1, routing_key=PAID, mandatory=False), 250
    heartbeat = message(3, routing_key="debezium-heartbeat.slot", mandatory=False)
    with broker.publisher() as publisher:
        publisher.publish([lost, heartbeat])
        assert (unroutable.in_force(), unroutable.count()) == (False, 0)
        server.control(*shlex.split(unroutable.policy.replace("VHOST", VHOST))[1:])
        until(unroutable.in_force, "the policy")
        publisher.publish([message(number, key=f"order:{number}", routing_key=PAID) for number in range(kept)])
        publisher.publish([heartbeat, message(2, routing_key=NOBODYS, mandatory=False)])
    until(lambda: unroutable.count() == kept + 1, "them to be kept")
    with broker.subscriber("billing", [PAID], prefetch=500) as subscriber:
        assert unroutable.send_again() == kept
        assert len(receive(subscriber, kept)) == kept
        assert unroutable.count() == 1


def test_what_a_group_takes_can_be_asked_where_nothing_is_ever_returned(
    server: NativeRabbitMQ, broker: Broker, exchange: str
) -> None:
    """With the alternate exchange in force, which keeps what no queue takes."""
    unroutable = Unroutable(server.url, exchange)
    unroutable.declare(["orders"])
    server.control(*shlex.split(unroutable.policy.replace("VHOST", VHOST))[1:])
    until(unroutable.in_force, "the policy")
    assert broker.takes("billing", [AGAIN]) == frozenset()
    broker.declare("billing", [PLACED, AGAIN])
    others = f"{PAID}.backfill.billing"
    assert broker.takes("billing", [others, AGAIN]) == {AGAIN}
    until(lambda: unroutable.count() == 0, "what was tried out to expire")
