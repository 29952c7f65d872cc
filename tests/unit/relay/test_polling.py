"""The polling relay: everything committed, nothing else, in order per key, settled only when the broker has it."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from strangler.brokers import Broker, OutgoingMessage, Receipt, connect
from strangler.errors import BrokerUnavailable
from strangler.messaging import decode
from strangler.outbox import publish, publish_many
from strangler.outbox.models import OutboxMessage
from strangler.relay.polling import PollingRelay, relay_batch
from tests.sample.events import StepIgnored, StepTaken
from tests.support.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)
TAKEN, IGNORED = "sample.step_taken", "sample.step_ignored"


@pytest.fixture
def broker() -> Broker:
    return connect(f"memory://{uuid.uuid4()}")


@pytest.fixture
def relay(broker: Broker) -> Iterator[threading.Event]:
    """A running relay; setting the event stops it."""
    yield from _running(broker)


def _running(broker: Broker) -> Iterator[threading.Event]:
    stop = threading.Event()
    polling = PollingRelay(broker, using="default", batch_size=10, poll_interval=30, backoff_max=0.3, stop=stop)

    def run() -> None:
        try:
            polling.run()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    yield stop
    stop.set()
    with transaction.atomic():
        publish(StepIgnored(thing="wake up", step=0))
    thread.join(timeout=10)
    assert not thread.is_alive(), "the relay did not stop"


def test_the_broker_gets_the_payload_byte_for_byte(broker: Broker, relay: threading.Event) -> None:
    with broker.subscriber("g", [TAKEN, IGNORED], prefetch=10) as subscriber:
        publish_committed([StepTaken(thing="Łódź \u2028 \t", step=1)])
        received = receive(subscriber, 1)
    assert [body.decode() for body in received] == [OutboxMessage.objects.get(routing_key=TAKEN).payload]


def test_an_idle_relay_wakes_at_once_though_its_poll_is_half_a_minute_away(
    broker: Broker, relay: threading.Event
) -> None:
    with broker.subscriber("g", [TAKEN, IGNORED], prefetch=10) as subscriber:
        for step in range(3):
            publish_committed([StepTaken(thing="a", step=step)])
            assert len(receive(subscriber, 1, seconds=10)) == 1


def test_several_relays_keep_the_order_of_each_key(broker: Broker) -> None:
    with broker.subscriber("g", [TAKEN, IGNORED], prefetch=5000) as subscriber:
        for batch in range(20):
            publish_committed([StepTaken(thing=f"t{n % 7}", step=batch * 100 + n) for n in range(100)])
        running = [_running(broker) for _ in range(4)]
        for one in running:
            next(one)
        received = [decode(body).data for body in receive(subscriber, 2000)]
        for one in running:
            next(one, None)
    by_thing = groupby(sorted(received, key=lambda data: data["thing"]), key=lambda data: data["thing"])
    for thing, steps in by_thing:
        taken = [data["step"] for data in steps]
        assert taken == sorted(taken), thing
    assert not OutboxMessage.objects.filter(relayed_at=None, routing_key=TAKEN).exists()


def test_an_unroutable_event_stays_and_holds_back_only_its_own_key(broker: Broker) -> None:
    broker.declare("g", [TAKEN])
    publish_committed([StepTaken(thing="a", step=1), StepIgnored(thing="a", step=2), StepTaken(thing="a", step=3)])
    publish_committed([StepTaken(thing="b", step=1)])
    relay_once(broker)
    relay_once(broker)
    assert relayed_steps("a") == [1]
    assert relayed_steps("b") == [1]
    refused = OutboxMessage.objects.get(routing_key=IGNORED)
    assert (refused.relayed_at, refused.attempts) == (None, 1)
    assert IGNORED in refused.last_error
    broker.declare("g", [TAKEN, IGNORED])
    OutboxMessage.objects.update(retry_at=None)
    relay_once(broker)
    with broker.subscriber("g", [TAKEN, IGNORED], prefetch=10) as subscriber:
        steps = [data.data["step"] for data in map(decode, receive(subscriber, 4)) if data.subject == "a"]
    assert steps == [1, 2, 3]


def test_many_refused_events_and_what_waits_behind_them_do_not_starve_the_rest(broker: Broker) -> None:
    broker.declare("g", [TAKEN])
    publish_committed([StepIgnored(thing=f"stuck {n}", step=1) for n in range(30)])
    publish_committed([StepTaken(thing="stuck 0", step=1 + n) for n in range(30)])
    publish_committed([StepTaken(thing="b", step=1)])
    for _ in range(10):  # four, unless the machine is so slow that some are due again by then
        relay_once(broker)
    assert relayed_steps("b") == [1]


def test_an_event_without_consumers_counts_as_relayed_when_the_settings_say_so(broker: Broker, settings: Any) -> None:
    settings.STRANGLER = {**settings.STRANGLER, "EVENTS_WITHOUT_CONSUMERS": ["sample.step_ig*"]}
    publish_committed([StepIgnored(thing="a", step=1), StepTaken(thing="b", step=1)])
    relay_once(broker)
    assert (relayed_steps("a"), relayed_steps("b")) == ([1], [])


class BreaksAfter:
    """A broker connection that breaks, which no in-process broker does on request: `confirmed` of a batch arrive."""

    def __init__(self, confirmed: int) -> None:
        self.confirmed = confirmed

    def publish(self, messages: Sequence[OutgoingMessage]) -> Receipt:
        if self.confirmed < len(messages):
            raise BrokerUnavailable("the connection broke")
        return Receipt(confirmed=[message.id for message in messages])


def test_nothing_is_settled_when_the_connection_breaks() -> None:
    publish_committed([StepTaken(thing="a", step=step) for step in range(3)])
    with pytest.raises(BrokerUnavailable):
        relay_batch(BreaksAfter(2), using="default", batch_size=10, backoff_max=1)  # type: ignore[arg-type]
    assert OutboxMessage.objects.filter(relayed_at=None, attempts=0).count() == 3


def test_only_what_the_broker_confirmed_is_settled() -> None:
    publish_committed([StepTaken(thing=thing, step=1) for thing in "abc"])

    class ConfirmsTheFirst(BreaksAfter):
        def publish(self, messages: Sequence[OutgoingMessage]) -> Receipt:
            return Receipt(confirmed=[messages[0].id], refused={messages[1].id: "too big"})

    relay_batch(ConfirmsTheFirst(0), using="default", batch_size=10, backoff_max=1)  # type: ignore[arg-type]
    rows = OutboxMessage.objects.order_by("position").values_list("relayed_at", "last_error", "attempts")
    assert [(at is not None, error, attempts) for at, error, attempts in rows] == [
        (True, "", 1),
        (False, "too big", 1),
        (False, "", 0),
    ]


def test_a_batch_costs_one_claim_and_one_settlement_whatever_its_size(broker: Broker) -> None:
    broker.declare("g", [TAKEN])

    def statements(count: int) -> int:
        publish_committed([StepTaken(thing=str(n), step=1) for n in range(count)])
        with CaptureQueriesContext(connection) as queries:
            relay_once(broker)
        return len(queries)

    assert statements(1) == statements(10)


def publish_committed(events: Sequence[StepTaken | StepIgnored]) -> None:
    with transaction.atomic():
        publish_many(events)


def relay_once(broker: Broker) -> None:
    with broker.publisher() as publisher:
        relay_batch(publisher, using="default", batch_size=10, backoff_max=3600)


def relayed_steps(thing: str) -> list[int]:
    rows = OutboxMessage.objects.filter(aggregate_id=thing, relayed_at__isnull=False).order_by("relayed_at")
    return [decode(row.payload).data["step"] for row in rows]


def receive(subscriber: Any, count: int, *, seconds: float = 20) -> list[bytes]:
    bodies: list[bytes] = []

    def got_all() -> bool:
        deliveries = subscriber.receive(0.2)
        subscriber.ack(deliveries)
        bodies.extend(delivery.body for delivery in deliveries)
        return len(bodies) >= count

    until(got_all, f"{count} messages", seconds=seconds)
    return bodies
