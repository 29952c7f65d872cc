"""The consume loop on a broker in memory and a real database, with threads as in production."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator

import pytest
from django.db import connections

from strangler.brokers import OutgoingMessage
from strangler.brokers.memory import MemoryBroker
from strangler.inbox.consumer import Consumer
from strangler.inbox.models import InboxMessage, ParkedMessage
from strangler.inbox.session import Sizes
from strangler.messaging import encode, seal
from tests.sample import handlers
from tests.sample.events import StepTaken
from tests.sample.models import Effect
from tests.support.waiting import until
from tests.unit.inbox.conftest import Group

pytestmark = pytest.mark.django_db(transaction=True)
TAKEN = "sample.step_taken"


class Running:
    """A broker, and a consumer of it in a thread."""

    def __init__(self, group: Group) -> None:
        self.broker = MemoryBroker(f"memory://{uuid.uuid4()}", "events")
        self.broker.declare("sample", [TAKEN])
        self.stop = threading.Event()
        consumer = Consumer(
            self.broker, group.handling, [TAKEN],
            sizes=Sizes(concurrency=4, prefetch=20, batch_size=10), backoff_max=0.2, stop=self.stop,
        )  # fmt: skip
        self.thread = threading.Thread(target=self._run, args=[consumer], daemon=True)
        self.thread.start()

    def _run(self, consumer: Consumer) -> None:
        try:
            consumer.run()
        finally:
            connections.close_all()

    def send(self, *steps: tuple[str, int]) -> None:
        envelopes = [seal(StepTaken(thing=thing, step=number), source="tests") for thing, number in steps]
        with self.broker.publisher() as publisher:
            publisher.publish(
                [OutgoingMessage(e.id, "sample.thing", TAKEN, e.partitionkey, encode(e).encode()) for e in envelopes]
            )

    def end(self) -> None:
        self.stop.set()
        self.thread.join(timeout=20)
        assert not self.thread.is_alive(), "the consumer did not stop"


@pytest.fixture
def running(group: Group) -> Iterator[Running]:
    running = Running(group)
    yield running
    running.end()


def test_everything_is_handled_in_order_per_key_and_acknowledged(running: Running, group: Group) -> None:
    running.send(*[(f"t{n % 9}", n // 9) for n in range(900)])
    until(lambda: Effect.objects.count() == 900, "900 effects")
    assert all(group.steps_of(f"t{n}") == list(range(100)) for n in range(9))
    running.end()
    with running.broker.subscriber("sample", [TAKEN], prefetch=10) as successor:
        assert successor.receive(0.1) == []


def test_a_slow_handler_holds_up_no_other_key(running: Running, group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    others_done = threading.Event()
    original = Effect.objects.create

    def create(*, thing: str, **values: object) -> None:
        if thing == "t0":
            assert others_done.wait(20), "the others waited for the slow one"
        original(thing=thing, **values)

    monkeypatch.setattr(
        handlers, "Effect", type("Slow", (), {"objects": type("M", (), {"create": staticmethod(create)})})
    )
    running.send(("t0", 0))
    running.send(*[(f"t{n}", 0) for n in range(2, 40)])
    lanes_of_others = 20  # at least: t0 blocks one lane of four, and what shares it
    until(lambda: Effect.objects.count() >= lanes_of_others, "effects of other lanes")
    others_done.set()
    until(lambda: Effect.objects.count() == 39, "all effects")


def test_a_broken_connection_loses_and_doubles_nothing(running: Running, group: Group) -> None:
    for batch in range(10):
        running.send(*[(f"t{n}", batch) for n in range(30)])
        until(lambda: Effect.objects.count() > 30 * batch, "progress")  # noqa: B023  (awaited before it changes)
        running.broker.cut_connections()
    until(lambda: Effect.objects.count() == 300, "300 effects")
    until(lambda: not ParkedMessage.objects.exists(), "an empty parking place")
    assert all(group.steps_of(f"t{n}") == list(range(10)) for n in range(30))
    assert InboxMessage.objects.count() == 300


def test_a_failing_message_is_tried_again_by_the_running_consumer(running: Running, group: Group) -> None:
    handlers.broken_things.add("bad")
    running.send(("bad", 0), ("bad", 1), ("good", 0))
    until(lambda: group.steps_of("good") == [0], "the good one")
    until(lambda: "dead" in group.statuses(), "a dead letter")
    assert group.steps_of("bad") == []


def test_a_stop_finishes_what_is_in_hand(running: Running, group: Group) -> None:
    running.send(*[("a", n) for n in range(200)])
    until(Effect.objects.exists, "a beginning")
    running.end()
    with running.broker.subscriber("sample", [TAKEN], prefetch=1000) as successor:
        left = successor.receive(0.1)
    assert not any(delivery.redelivered for delivery in left)
    assert len(left) + Effect.objects.count() == 200
