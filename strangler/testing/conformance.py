"""What every broker adapter has to keep. Give it a URL, and pytest holds the adapter to the ports' promises::

    from strangler.testing.conformance import BrokerConformance


    class TestOurRabbitMQ(BrokerConformance):
        @pytest.fixture
        def broker_url(self) -> str:
            return "amqp://guest:guest@localhost/"

Each test works on an exchange of its own and leaves it behind: use a broker that is there for tests.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from uuid import uuid4

import pytest

from strangler.brokers import Broker
from strangler.errors import BrokerUnavailable
from strangler.messaging.routing import routing_key
from strangler.testing.link import Link, link_to
from strangler.testing.traffic import (
    AGAIN,
    NOBODYS,
    NOTHING_FOR,
    PAID,
    PATIENCE,
    PLACED,
    bodies_of,
    contents,
    drain,
    interleaved,
    message,
    per_key,
    prepared,
    publish,
    receive,
)
from strangler.testing.waiting import until

BODIES = {
    "unicode": '{"name":"Zoë Müller 😀 \u2028"}'.encode(),
    "escaped controls": rb'{"text":"line\nbreak, tab\t, nul\u0000, quote\" and \\u0000"}',
    "null values": b'{"note":null,"items":[null]}',
    "key order, repeated keys and white space": b'{ "z": 1, "a": 2,  "m": {"b": 1.00, "a": 1e3}, "z": 3 }\n',
    "one megabyte": b'{"blob":"' + b"0123456789abcdef" * 65536 + b'"}',
}


class BrokerConformance:
    """`mends_connections`: the client mends broken ones by itself and unseen, and deliveries outlive them."""

    mends_connections = False

    @pytest.fixture
    def broker_url(self) -> str:
        raise NotImplementedError("define the fixture broker_url in your subclass of BrokerConformance")

    @pytest.fixture
    def exchange(self) -> str:
        return f"conformance-{uuid4().hex[:12]}"

    @pytest.fixture
    def broker(self, broker_url: str, exchange: str) -> Broker:
        return prepared(broker_url, exchange)

    @pytest.fixture
    def link(self, broker_url: str, exchange: str) -> Iterator[Link]:
        """The same broker and exchange, by a connection that can be cut."""
        link = link_to(broker_url, exchange)
        yield link
        link.close()

    # --- what arrives, and where

    @pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
    def test_the_same_bytes_arrive(self, broker: Broker, body: bytes) -> None:
        with broker.subscriber("billing", [PLACED], prefetch=10) as subscriber:
            publish(broker, [message(body=body)])
            (delivery,) = receive(subscriber, 1)
        assert delivery.body == body
        assert not delivery.redelivered

    def test_a_group_declared_before_publishing_misses_nothing(self, broker: Broker) -> None:
        broker.declare("billing", [PLACED])
        broker.declare("billing", [PLACED])
        sent = [message(number) for number in range(5)]
        publish(broker, sent)
        with broker.subscriber("billing", [PLACED], prefetch=10) as subscriber:
            assert drain(subscriber, 5) == bodies_of(sent)

    def test_a_group_declared_later_misses_what_came_before(self, broker: Broker) -> None:
        broker.declare("billing", [PLACED])
        publish(broker, [message(1)])
        with broker.subscriber("latecomer", [PLACED], prefetch=10) as subscriber:
            assert subscriber.receive(timeout=NOTHING_FOR) == []
            publish(broker, [later := message(2)])
            assert drain(subscriber, 1) == [later.body]

    def test_every_group_gets_its_own_copy_of_what_it_asked_for(self, broker: Broker) -> None:
        broker.declare("billing", [PLACED, PAID])
        broker.declare("shipping", [PAID])
        publish(broker, [placed := message(1), paid := message(2, routing_key=PAID)])
        with broker.subscriber("billing", [PLACED, PAID], prefetch=10) as subscriber:
            assert drain(subscriber, 2) == [placed.body, paid.body]
        with broker.subscriber("shipping", [PAID], prefetch=10) as subscriber:
            assert drain(subscriber, 1) == [paid.body]
            assert subscriber.receive(timeout=NOTHING_FOR) == []

    def test_what_is_told_to_one_group_alone_reaches_no_other_and_keeps_its_place(self, broker: Broker) -> None:
        others = routing_key(PLACED, backfill="shipping")
        broker.declare("billing", [PLACED, AGAIN])
        broker.declare("shipping", [PLACED, others])
        before, again, behind = message(1), message(2, routing_key=AGAIN), message(3)
        publish(broker, [before, again, behind, theirs := message(4, routing_key=others)])
        with broker.subscriber("billing", [PLACED, AGAIN], prefetch=10) as subscriber:
            assert drain(subscriber, 3) == [before.body, again.body, behind.body]
            assert subscriber.receive(timeout=NOTHING_FOR) == []
        with broker.subscriber("shipping", [PLACED, others], prefetch=10) as subscriber:
            assert drain(subscriber, 3) == [before.body, behind.body, theirs.body]
            assert subscriber.receive(timeout=NOTHING_FOR) == []

    def test_what_a_group_takes_can_be_asked_and_troubles_nobody(self, broker: Broker) -> None:
        """Before and after it was declared, with a consumer at work and without one."""
        others = routing_key(PAID, backfill="billing")
        assert broker.takes("billing", [AGAIN]) == frozenset()
        broker.declare("billing", [PLACED, AGAIN])
        assert broker.takes("billing", [AGAIN, others]) == {AGAIN}
        assert broker.takes("billing", []) == frozenset()
        with broker.subscriber("billing", [PLACED, AGAIN], prefetch=2) as subscriber:
            assert subscriber.receive(timeout=NOTHING_FOR) == []
            assert broker.takes("billing", [others, AGAIN]) == {AGAIN}
            assert subscriber.receive(timeout=NOTHING_FOR) == []
            publish(broker, sent := [message(number) for number in range(5)])
            assert drain(subscriber, 5) == bodies_of(sent)
        assert broker.backlog("billing", [PLACED, AGAIN]) == 0

    def test_exchanges_do_not_mix(self, broker: Broker, broker_url: str, exchange: str) -> None:
        other = prepared(broker_url, f"{exchange}-other")
        other.declare("billing", [PLACED])
        with broker.subscriber("billing", [PLACED], prefetch=10) as subscriber:
            publish(other, [message()])
            assert subscriber.receive(timeout=NOTHING_FOR) == []

    def test_the_backlog_is_what_nobody_has_acknowledged(self, broker: Broker) -> None:
        """Of a group whose consumers have stopped."""
        assert broker.backlog("billing", [PLACED]) == 0
        broker.declare("billing", [PLACED])
        publish(broker, [message(number) for number in range(5)])
        assert broker.backlog("billing", [PLACED]) == 5
        with broker.subscriber("billing", [PLACED], prefetch=3) as subscriber:
            subscriber.ack(receive(subscriber, 3)[:2])
        until(lambda: broker.backlog("billing", [PLACED]) == 3, "two to be gone", seconds=PATIENCE)
        with broker.subscriber("billing", [PLACED], prefetch=10) as subscriber:
            drain(subscriber, 3)
        until(lambda: broker.backlog("billing", [PLACED]) == 0, "all to be gone", seconds=PATIENCE)

    def test_receive_comes_back_with_nothing_after_its_timeout(self, broker: Broker) -> None:
        with broker.subscriber("billing", [PLACED], prefetch=10) as subscriber:
            started = time.monotonic()
            assert subscriber.receive(timeout=0.2) == []
            assert 0.2 <= time.monotonic() - started < PATIENCE

    # --- order and refusal

    def test_messages_of_one_key_arrive_in_order(self, broker: Broker) -> None:
        with broker.subscriber("billing", [PLACED, PAID], prefetch=50) as subscriber:
            sent = interleaved(keys=7, each=40)
            with broker.publisher() as publisher:
                for start in range(0, len(sent), 100):
                    publisher.publish(sent[start : start + 100])
            arrived = drain(subscriber, len(sent))
        for key in range(7):
            assert per_key(arrived, f"order:{key}") == per_key(bodies_of(sent), f"order:{key}")

    def test_an_unroutable_message_is_refused_and_holds_back_only_its_own_key(self, broker: Broker) -> None:
        with broker.subscriber("billing", [PLACED], prefetch=10) as subscriber, broker.publisher() as publisher:
            before, unroutable = message(1), message(2, routing_key=NOBODYS)
            behind, bystander = message(3), message(4, key="order:2")
            receipt = publisher.publish([before, unroutable, behind, bystander])
            assert set(receipt.confirmed) == {before.id, bystander.id}
            assert set(receipt.refused) == {unroutable.id}
            assert NOBODYS in receipt.refused[unroutable.id]
            assert sorted(drain(subscriber, 2)) == sorted([before.body, bystander.body])
            assert set(publisher.publish([behind]).confirmed) == {behind.id}
            assert drain(subscriber, 1) == [behind.body]

    def test_a_message_that_nobody_must_take_is_confirmed_without_a_queue(self, broker: Broker) -> None:
        broker.declare("billing", [PLACED])
        publish(broker, [message(1, routing_key=NOBODYS, mandatory=False), behind := message(2)])
        with broker.subscriber("billing", [PLACED], prefetch=10) as subscriber:
            assert drain(subscriber, 1) == [behind.body]

    # --- acknowledgement, death and succession

    def test_what_was_not_acknowledged_comes_again_in_order_and_marked(self, broker: Broker, link: Link) -> None:
        dying = link.broker.subscriber("billing", [PLACED], prefetch=6)
        sent = [message(number) for number in range(10)]
        publish(broker, sent)
        taken = receive(dying, 6)
        dying.ack([taken[0], taken[3]])
        receive(dying, 2)
        link.sever()
        with broker.subscriber("billing", [PLACED], prefetch=100) as successor:
            again = receive(successor, 8)
        left = [each for number, each in enumerate(sent) if number not in (0, 3)]
        assert contents(again) == bodies_of(left)
        assert [delivery.redelivered for delivery in again] == [True] * 6 + [False] * 2

    def test_what_was_acknowledged_never_comes_again(self, broker: Broker) -> None:
        broker.declare("billing", [PLACED])
        publish(broker, [message(number) for number in range(20)])
        with broker.subscriber("billing", [PLACED], prefetch=7) as first:
            drain(first, 20)
        with broker.subscriber("billing", [PLACED], prefetch=7) as second:
            assert second.receive(timeout=NOTHING_FOR) == []

    def test_no_more_than_prefetch_are_out_at_once(self, broker: Broker) -> None:
        broker.declare("billing", [PLACED])
        publish(broker, [message(number) for number in range(10)])
        with broker.subscriber("billing", [PLACED], prefetch=4) as subscriber:
            taken = receive(subscriber, 4)
            assert subscriber.receive(timeout=NOTHING_FOR) == []
            subscriber.ack(taken[2:])
            assert len(receive(subscriber, 2)) == 2
            assert subscriber.receive(timeout=NOTHING_FOR) == []

    def test_a_second_subscriber_stands_by_and_takes_over_in_order(self, broker: Broker, link: Link) -> None:
        dying = link.broker.subscriber("billing", [PLACED], prefetch=3)
        assert dying.receive(timeout=NOTHING_FOR) == []
        with broker.subscriber("billing", [PLACED], prefetch=100) as standby:
            sent = [message(number) for number in range(10)]
            publish(broker, sent)
            assert contents(receive(dying, 3)) == bodies_of(sent[:3])
            assert standby.receive(timeout=NOTHING_FOR) == []
            link.sever()
            assert drain(standby, 10) == bodies_of(sent)

    def test_a_subscriber_that_is_closed_gives_back_what_it_holds(self, broker: Broker) -> None:
        first = broker.subscriber("billing", [PLACED], prefetch=10)
        publish(broker, sent := [message(1), message(2)])
        receive(first, 2)
        first.close()
        first.close()
        with broker.subscriber("billing", [PLACED], prefetch=10) as second:
            assert drain(second, 2) == bodies_of(sent)

    # --- broken connections

    def test_a_publisher_reports_a_broken_connection_and_then_works_again(self, broker: Broker, link: Link) -> None:
        with broker.subscriber("billing", [PLACED], prefetch=10) as subscriber, link.broker.publisher() as publisher:
            publisher.publish([message(1)])
            assert len(drain(subscriber, 1)) == 1
            link.cut()
            lost = message(2)
            if not self.mends_connections:
                with pytest.raises(BrokerUnavailable):
                    publisher.publish([lost])
            assert set(publisher.publish([lost]).confirmed) == {lost.id}

    def test_a_subscriber_reports_a_broken_connection_and_its_deliveries_are_void(
        self, broker: Broker, link: Link
    ) -> None:
        with link.broker.subscriber("billing", [PLACED], prefetch=3) as subscriber:
            publish(broker, sent := [message(number) for number in range(6)])
            before = receive(subscriber, 3)
            link.cut()
            if self.mends_connections:
                assert subscriber.receive(timeout=NOTHING_FOR) == []
                subscriber.ack(before)
                assert contents(receive(subscriber, 3)) == bodies_of(sent[3:])
                return
            with pytest.raises(BrokerUnavailable):
                subscriber.receive(timeout=PATIENCE)
            again = receive(subscriber, 3)
            assert contents(again) == bodies_of(sent[:3])
            assert all(delivery.redelivered for delivery in again)
            subscriber.ack(before)
        with broker.subscriber("billing", [PLACED], prefetch=10) as successor:
            assert drain(successor, 6) == bodies_of(sent)
