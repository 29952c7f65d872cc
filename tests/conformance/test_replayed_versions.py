"""A log, or an outbox, in which every version of an event stands: read again by today's reader, from a real broker."""

from __future__ import annotations

from uuid import uuid4

import pytest

from strangler.brokers import Broker, Replayable
from strangler.inbox.handling import GroupHandling, RetryPolicy
from strangler.inbox.incoming import read
from strangler.inbox.models import DeadLetter
from strangler.inbox.operations import redrive
from strangler.inbox.retrying import retry_one
from strangler.messaging import encode, seal, upcasters
from strangler.testing.traffic import message, prepared, publish, receive
from tests.sample.models import Effect
from tests.unit.inbox.versions import GREETED, deploy, told

POLICY = RetryPolicy(max_attempts=1, backoff=0.1, backoff_max=0.1)
TOLD = [("Ada", 1), ("Grace", 1), ("Ada", 2), ("Ada", 3), ("Grace", 3), ("Ada", 1)]
"""In the order of the log: the last was told by a producer that was rolled back."""


@pytest.fixture(params=["memory", "pgmq", "rabbitmq", "kafka"])
def broker(request: pytest.FixtureRequest) -> Broker:
    url = f"memory://{uuid4().hex}" if request.param == "memory" else request.getfixturevalue(f"{request.param}_url")
    return prepared(url, f"v{uuid4().hex[:10]}")


@pytest.mark.django_db
def test_today_reader_reads_all_that_was_ever_published_and_again(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upcasters, "_upcasters", {})
    log = [
        message(
            key=f"orders.order:{thing}",
            routing_key=GREETED.replace("versions.", "orders."),
            body=encode(seal(told(version, thing), source="tests")).encode(),
        )
        for thing, version in TOLD
    ]
    broker.declare("first", [log[0].routing_key])
    publish(broker, log)
    assert consumed(broker, "first", reader=3) == 6
    assert effects("Ada") == [*effects("Grace"), 3, 3] == [3, 3, 3, 3]

    broker.declare("rebuilt", [log[0].routing_key])
    if isinstance(broker, Replayable):
        assert broker.rewind("rebuilt", [log[0].routing_key], None) == 6
    else:
        publish(broker, log)  # the outbox's rows, once more: the first group has handled them
        assert consumed(broker, "first", reader=3) == 6
    assert Effect.objects.count() == 6
    Effect.objects.all().delete()
    assert consumed(broker, "rebuilt", reader=2) == 6
    assert sorted(DeadLetter.objects.values_list("key", flat=True)) == [
        "versions.versions:Ada",
        "versions.versions:Grace",
    ]
    assert Effect.objects.count() == 3  # what was told before the first message that is newer than its reader
    redrive(DeadLetter.objects.all())
    while retry_one(handling("rebuilt", reader=3)):
        pass
    assert Effect.objects.count() == 6
    assert not DeadLetter.objects.exists()


def handling(group: str, *, reader: int) -> GroupHandling:
    return GroupHandling(group, {GREETED: deploy(reader)}, using="default", policy=POLICY)


def consumed(broker: Broker, group: str, *, reader: int) -> int:
    with broker.subscriber(group, [GREETED.replace("versions.", "orders.")], prefetch=10) as subscriber:
        deliveries = receive(subscriber, len(TOLD))
        handling(group, reader=reader).handle([read(delivery) for delivery in deliveries])
        subscriber.ack(deliveries)
    return len(deliveries)


def effects(thing: str) -> list[int]:
    return list(Effect.objects.filter(thing=thing).order_by("id").values_list("step", flat=True))
