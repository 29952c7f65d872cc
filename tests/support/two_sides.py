"""The shop beside a stand-in for the inventory service, with every message between them in the test's hand.

Both sides have an app `inventory`, so the real service can't be in this process: `other_side.Service` is ADR 20 in a
few lines, with the stock in memory. What the shop hears, it hears as a consumer of the kit does: through inbox and
handlers.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from threading import Event as Stop
from typing import Any

from django.test import TestCase

from monolith.inventory.ownership import hand_over
from monolith.inventory.pursuing import work_off
from monolith.orders.sagas import checkout
from strangler.brokers import Delivery
from strangler.inbox.handling import GroupHandling, RetryPolicy
from strangler.inbox.incoming import read
from strangler.inbox.models import ParkedMessage
from strangler.inbox.subscriptions import subscriptions
from strangler.messaging import decode
from strangler.saga.models import SagaInstance
from strangler.saga.registry import sagas
from strangler.saga.working import SagaWorker
from tests.unit.monolith.inventory.other_side import Line

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
CHECKOUT = checkout.name


class TwoSides(Line):
    """Of three readers, "service", "monolith" and "checkout", each has a queue for each key."""

    def __init__(self) -> None:
        super().__init__()
        policy = RetryPolicy(3, 1e-6, 1e-6)
        self.answers = GroupHandling(CHECKOUT, subscriptions.of_group(CHECKOUT), using="default", policy=policy)

    def give_away(self, *skus: str) -> None:
        """The service owns their stock from now on."""
        assert hand_over(skus) == sorted(skus)
        self.deliver_all()

    def deliver(self, place: tuple[str, str], most: int = 1) -> None:
        if place[0] != CHECKOUT:
            super().deliver(place, most)
            return
        queue = self.queues[place]
        payloads = [queue.popleft() for _ in range(min(most, len(queue)))]
        with TestCase.captureOnCommitCallbacks(execute=True):
            self.answers.handle([read(Delivery(each.encode(), redelivered=False, tag=None)) for each in payloads])
        assert [row.error for row in ParkedMessage.objects.all()] == []

    def collect(self) -> None:
        before = {place: len(queue) for place, queue in self.queues.items()}
        super().collect()
        for (side, key), queue in list(self.queues.items()):
            if side == "service":
                self._also_to_the_saga(key, list(queue)[before.get((side, key), 0) :])

    def post(self, event: Any) -> None:
        super().post(event)
        if event.event_type in self.answers._handlers:
            key = f"stock_change:{event.reference}"
            place = next(place for place in self.queues if place[0] == "monolith" and place[1].endswith(key))
            self.queues[CHECKOUT, place[1]].append(self.queues[place][-1])

    def _also_to_the_saga(self, key: str, payloads: Iterable[str]) -> None:
        for payload in payloads:
            if decode(payload).event_type in self.answers._handlers:
                self.queues[CHECKOUT, key].append(payload)

    def lose(self, side: str) -> list[str]:
        """What waits for one of the readers; it will not arrive."""
        self.collect()
        return [queue.popleft() for place, queue in self.queues.items() if place[0] == side for _ in range(len(queue))]

    def pass_time(self) -> None:
        """Every deadline has come, and the saga's worker sees to it."""
        SagaInstance.objects.filter(due_at__isnull=False).update(due_at=LONG_AGO)
        with TestCase.captureOnCommitCallbacks(execute=True):
            SagaWorker(sagas, using="default", stop=Stop()).step()
            work_off()

    def come_to_rest(self) -> None:
        self.deliver_all()
        with TestCase.captureOnCommitCallbacks(execute=True):
            work_off()
        self.deliver_all()
