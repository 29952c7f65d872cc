"""Messages to send through a broker, and patience to wait for them."""

from __future__ import annotations

import time
from collections.abc import Sequence

from strangler.brokers import Broker, Delivery, OutgoingMessage, Subscriber, connect
from strangler.messaging.ids import new_id
from strangler.messaging.routing import routing_key

PLACED, PAID, NOBODYS = "orders.order_placed", "orders.order_paid", "orders.order_forgotten"
AGAIN = routing_key(PLACED, backfill="billing")
TOPIC = "orders.order"
PATIENCE = 20.0
"""Seconds a test waits for what must happen; seconds it watches for what must not are `NOTHING_FOR`."""
NOTHING_FOR = 0.4


def message(
    number: int = 0,
    *,
    key: str = "order:1",
    routing_key: str = PLACED,
    body: bytes | None = None,
    mandatory: bool = True,
) -> OutgoingMessage:
    content = f'{{"key":"{key}","number":{number}}}'.encode() if body is None else body
    return OutgoingMessage(new_id(), TOPIC, routing_key, key, content, mandatory)


def prepared(url: str, exchange: str) -> Broker:
    """A broker on an exchange of its own. Kafka wants its topics to be made first."""
    if url.startswith("kafka"):
        from strangler.brokers.kafka.cluster import Cluster
        from strangler.brokers.kafka.topics import TopicSpec, apply
        from strangler.brokers.names import topic_name

        for _ in apply(Cluster(url), {topic_name(exchange, TOPIC): TopicSpec(partitions=3)}):
            pass
    return connect(url, exchange=exchange)


def interleaved(keys: int, each: int) -> list[OutgoingMessage]:
    return [
        message(number, key=f"order:{key}", routing_key=(PLACED, PAID)[number % 2])
        for number in range(each)
        for key in range(keys)
    ]


def publish(broker: Broker, messages: Sequence[OutgoingMessage]) -> None:
    """All of them are confirmed, none is refused."""
    with broker.publisher() as publisher:
        receipt = publisher.publish(messages)
    assert not receipt.refused
    assert sorted(receipt.confirmed) == sorted(each.id for each in messages)


def receive(subscriber: Subscriber, count: int) -> list[Delivery]:
    """Take this many, without acknowledging; more where they came together."""
    until, taken = time.monotonic() + PATIENCE, list[Delivery]()
    while len(taken) < count and time.monotonic() < until:
        taken += subscriber.receive(timeout=1.0)
    assert len(taken) >= count, f"{len(taken)} of {count} messages came within {PATIENCE} s"
    return taken


def drain(subscriber: Subscriber, count: int) -> list[bytes]:
    """Take and acknowledge exactly this many."""
    until, bodies = time.monotonic() + PATIENCE, list[bytes]()
    while len(bodies) < count and time.monotonic() < until:
        deliveries = subscriber.receive(timeout=1.0)
        bodies += contents(deliveries)
        subscriber.ack(deliveries)
    assert len(bodies) == count, f"{len(bodies)} of {count} messages came within {PATIENCE} s"
    return bodies


def contents(deliveries: Sequence[Delivery]) -> list[bytes]:
    return [delivery.body for delivery in deliveries]


def bodies_of(messages: Sequence[OutgoingMessage]) -> list[bytes]:
    return [each.body for each in messages]


def per_key(bodies: Sequence[bytes], key: str) -> list[bytes]:
    return [body for body in bodies if f'"key":"{key}"'.encode() in body]
