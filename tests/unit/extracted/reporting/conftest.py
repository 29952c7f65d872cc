from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth import get_user_model

from extracted.reporting import services
from extracted.reporting.handlers import GROUP
from extracted.reporting.models import Generation, Serving
from strangler.inbox.handling import GroupHandling, RetryPolicy
from strangler.inbox.subscriptions import subscriptions
from tests.unit.extracted.reporting.factories import AT

POLICY = RetryPolicy(max_attempts=3, backoff=60, backoff_max=60)


@pytest.fixture
def handle(db) -> Callable[..., None]:
    """What `consume` does with messages it received together."""
    handling = GroupHandling(GROUP, subscriptions.of_group(GROUP), using="default", policy=POLICY)
    return lambda *messages: handling.handle(messages)


@pytest.fixture
def that_day():
    """The day on which everything in the factories happens, an hour later."""
    with time_machine.travel(AT + timedelta(hours=1), tick=False):
        yield AT.date()


@pytest.fixture
def staff(db):
    return get_user_model().objects.create_superuser("staff", password="correct horse")


@pytest.fixture
def first_generation(transactional_db):
    """What the migration leaves, which a flush of the tables before has taken away."""
    Generation.objects.get_or_create(number=1)
    Serving.objects.get_or_create(id=1, defaults={"generation": 1})


@pytest.fixture
def tell() -> Callable[..., None]:
    """Past the inbox: what a generation is told, whatever the process at hand is set up for."""

    def tell_generation(number: int, *events: object) -> None:
        for event in events:
            _USE_CASES[type(event).__name__](number, [event])

    return tell_generation


_USE_CASES = {
    "OrderPlaced": services.orders_placed,
    "OrderCancelled": services.orders_cancelled,
    "OrderRefunded": services.orders_refunded,
    "ReturnReceived": services.returns_received,
}
