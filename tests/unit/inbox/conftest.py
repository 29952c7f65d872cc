from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pytest

from strangler.brokers import Delivery
from strangler.inbox.handling import GroupHandling, RetryPolicy
from strangler.inbox.incoming import Incoming, read
from strangler.inbox.models import ParkedMessage
from strangler.inbox.retrying import retry_one
from strangler.inbox.subscriptions import Subscription, subscriptions
from strangler.messaging import encode, seal
from tests.sample import handlers
from tests.sample.events import StepIgnored, StepTaken
from tests.sample.models import Effect

EAGER = RetryPolicy(max_attempts=3, backoff=1e-6, backoff_max=1e-6)


class Group:
    """The sample group, fed by hand."""

    def __init__(self) -> None:
        self.handle_by(subscriptions.of_group("sample"))

    def handle_by(self, handlers: Mapping[str, Subscription]) -> None:
        self.handling = GroupHandling("sample", handlers, using="default", policy=EAGER)

    def take_batches(self) -> list[int]:
        """From now on its handler of `StepTaken` takes many at once. Returns the sizes it was called with."""
        sizes: list[int] = []

        def note_the_steps(events: Sequence[StepTaken]) -> None:
            sizes.append(len(events))
            for event in events:
                handlers.note_the_step(event)

        taken = Subscription("sample", StepTaken, note_the_steps, batch=True)
        ignored = Subscription("sample", StepIgnored, note_the_ignored)
        self.handle_by({"sample.step_taken": taken, "sample.step_ignored": ignored})
        return sizes

    def handle(self, *messages: Incoming) -> None:
        self.handling.handle(messages)

    def work_off(self, limit: int = 10_000) -> None:
        for _ in range(limit):
            if not retry_one(self.handling):
                return
        raise AssertionError(f"still something to retry after {limit} attempts")

    def steps_of(self, thing: str) -> list[int]:
        return list(Effect.objects.filter(thing=thing).order_by("id").values_list("step", flat=True))

    def statuses(self) -> list[str]:
        return list(ParkedMessage.objects.order_by("id").values_list("status", flat=True))


@pytest.fixture
def group(db: None) -> Iterator[Group]:
    yield Group()
    handlers.broken_things.clear()


def note_the_ignored(event: StepIgnored) -> None:
    Effect.objects.create(consumer_group="sample", thing=event.thing, step=event.step)


def step(thing: str, number: int, *, mood: str = "ok", redelivered: bool = False) -> Incoming:
    return incoming(StepTaken(thing=thing, step=number, mood=mood), redelivered=redelivered)


def incoming(event: StepTaken | StepIgnored, *, redelivered: bool = False) -> Incoming:
    return raw(encode(seal(event, source="tests")).encode(), redelivered=redelivered)


def raw(body: bytes, *, redelivered: bool = False) -> Incoming:
    return read(Delivery(body, redelivered=redelivered, tag=None))


def again(message: Incoming, *, redelivered: bool = True) -> Incoming:
    return raw(message.delivery.body, redelivered=redelivered)
