"""While the stage in the database changes all the time, each event is still somebody's, and one side's only."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from itertools import cycle
from typing import Any

import pytest
from django.db import connections, transaction

from strangler.cutover import monolith_serves
from strangler.cutover.models import StageChange
from strangler.cutover.overrides import database_stages
from strangler.outbox import publish
from strangler.outbox.models import OutboxMessage
from tests.sample.events import StepTaken
from tests.sample.models import Effect

pytestmark = pytest.mark.django_db(transaction=True)

THREADS, TRANSACTIONS = 4, 60


@pytest.fixture(autouse=True)
def _from_the_database(settings: Any) -> Iterator[None]:
    settings.STRANGLER = {**settings.STRANGLER, "STAGE_SOURCE": "database", "STAGE_MAX_AGE": 0}
    yield
    database_stages.forget()


def test_the_monolith_does_what_the_stamp_does_not_leave_to_the_service() -> None:
    done = threading.Event()
    mover = threading.Thread(target=_move_about, args=[done])
    sellers = [threading.Thread(target=_sell, args=[number]) for number in range(THREADS)]
    for thread in (mover, *sellers):
        thread.start()
    for thread in sellers:
        thread.join(120)
    done.set()
    mover.join(30)
    by_monolith = set(Effect.objects.values_list("thing", flat=True))
    left_to_service = {
        thing for thing, payload in OutboxMessage.objects.values_list("aggregate_id", "payload") if _is_stamped(payload)
    }
    published = set(OutboxMessage.objects.values_list("aggregate_id", flat=True))
    assert len(published) == THREADS * TRANSACTIONS
    assert by_monolith & left_to_service == set(), "both would act"
    assert by_monolith | left_to_service == published, "neither would act"
    assert min(len(by_monolith), len(left_to_service)) > 0, "the stage has not really moved"


def _move_about(done: threading.Event) -> None:
    for stage in cycle(["extracted", "monolith"]):
        StageChange.objects.create(
            context="notifications", from_stage="monolith", to_stage=stage, source="database", decided_by="a test"
        )
        if done.wait(0.003):
            break
    connections.close_all()


def _sell(seller: int) -> None:
    choice = random.Random(seller)
    for number in range(TRANSACTIONS):
        _one_order(f"{seller}-{number}", choice)
    connections.close_all()


def _one_order(thing: str, choice: random.Random) -> None:
    """Decided and published in this order or the other, with attempts before it that are undone."""
    with transaction.atomic():
        while choice.random() < 0.3:
            with transaction.atomic():
                _decide(thing)
                publish(StepTaken(thing=thing, step=-1))
                transaction.set_rollback(True)
        steps = [lambda: _decide(thing), lambda: publish(StepTaken(thing=thing, step=1))]
        for step in choice.sample(steps, k=2):
            with transaction.atomic():
                step()


def _decide(thing: str) -> None:
    if monolith_serves("notifications", key=thing):
        Effect.objects.create(consumer_group="monolith", thing=thing, step=1)


def _is_stamped(payload: str) -> bool:
    return json.loads(payload).get("stages") == "notifications=extracted"
