"""The shop beside a stand-in for the payments service, with every message between them in the test's hand.

Both sides have an app `payments`, so the real service can't be in this process: `other_side.Service` is ADR 23 in a few
lines. What the shop hears, it hears as a consumer of the kit does: through inbox and handlers.
"""

from __future__ import annotations

from threading import Event as Stop

from django.test import TestCase

from monolith.orders.handlers import GROUP as ORDERS
from monolith.orders.sagas import checkout
from monolith.payments.handlers import GROUP
from monolith.payments.pursuing import work_off
from strangler.saga.models import SagaInstance
from strangler.saga.registry import sagas
from strangler.saga.working import SagaWorker
from tests.support.two_sides import LONG_AGO
from tests.unit.monolith.payments.other_side import Line


class PaymentsAway(Line):
    """Of four readers, "service", "payments-monolith", "checkout" and "orders", each has a queue for each key."""

    def __init__(self) -> None:
        super().__init__(GROUP, checkout.name, ORDERS)

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

    def lose(self, reader: str) -> list[str]:
        """What waits for one of the readers; it will not arrive."""
        self.collect()
        return [
            queue.popleft() for place, queue in self.queues.items() if place[0] == reader for _ in range(len(queue))
        ]
