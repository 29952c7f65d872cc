from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event as Stop
from typing import Any

import pytest
from django.db import transaction

from strangler.brokers import Delivery
from strangler.inbox.handling import GroupHandling
from strangler.inbox.incoming import Incoming, read
from strangler.inbox.retrying import retry_one
from strangler.inbox.subscriptions import subscriptions
from strangler.messaging import Event, decode, encode, seal, working_for_message
from strangler.outbox.models import OutboxMessage
from strangler.saga.models import SagaInstance
from strangler.saga.registry import sagas
from strangler.saga.working import SagaWorker
from tests.sample import sagas as sample
from tests.sample.events import LegDone, LegRefused
from tests.sample.models import Effect
from tests.sample.sagas import TripData, trips
from tests.unit.inbox.conftest import EAGER

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass
class Trips:
    """The sample saga, with its answers and its clock in the test's hand."""

    handling: GroupHandling = field(
        default_factory=lambda: GroupHandling("trips", subscriptions.of_group("trips"), using="default", policy=EAGER)
    )

    def start(self, trip: str, **data: Any) -> SagaInstance:
        with transaction.atomic():
            return trips.start(TripData(trip=trip, **data))

    def done(self, trip: str, leg: str, **fields: Any) -> Incoming:
        return self.tell(LegDone(trip=trip, leg=leg, **fields))

    def refused(self, trip: str, leg: str, reason: str = "it is full") -> Incoming:
        return self.tell(LegRefused(trip=trip, leg=leg, reason=reason))

    def tell(self, event: Event) -> Incoming:
        """As an answer to the latest event that was published, by a service of the kit."""
        message = answer_to_the_latest(event)
        self.handle(message)
        return message

    def handle(self, *messages: Incoming) -> None:
        self.handling.handle(messages)
        while retry_one(self.handling):
            pass

    def pass_time(self, *trips: str) -> int:
        """Everything with a time is due, and the worker sees to it; returns for how many."""
        due = SagaInstance.objects.filter(due_at__isnull=False)
        (due.filter(key__in=trips) if trips else due).update(due_at=LONG_AGO)
        return self.work()

    def work(self) -> int:
        return SagaWorker(sagas, using="default", stop=Stop()).step()

    def status(self, trip: str) -> str:
        return self.of(trip).status

    def of(self, trip: str) -> SagaInstance:
        return SagaInstance.objects.filter(key=trip).latest("id")

    def effects(self, trip: str) -> list[str]:
        return list(Effect.objects.filter(thing=trip).order_by("id").values_list("consumer_group", flat=True))

    def history(self, trip: str) -> list[str]:
        return [str(entry) for entry in self.of(trip).history.order_by("id")]


def answer_to_the_latest(event: Event) -> Incoming:
    asked = OutboxMessage.objects.order_by("-position").first()
    if asked is None:
        return as_incoming(event)
    with working_for_message(decode(asked.payload)):
        return as_incoming(event)


def as_incoming(event: Event) -> Incoming:
    return read(Delivery(encode(seal(event, source="tests")).encode(), redelivered=False, tag=None))


@pytest.fixture
def saga(db: None) -> Iterator[Trips]:
    yield Trips()
    sample.broken.clear()
    sample.beside.clear()
