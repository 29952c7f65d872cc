from collections.abc import Callable, Iterator
from threading import Event as Flag

import pytest
from django.contrib.auth import get_user_model

from devstack.gateway.running import Running, running
from extracted.payments.gateway import Gateway
from extracted.payments.handlers import FRAUD, GROUP
from extracted.payments.models import CircuitBreaker, GatewayCall
from extracted.payments.worker import work
from strangler.inbox.handling import GroupHandling, RetryPolicy
from strangler.inbox.models import ParkedMessage
from strangler.inbox.subscriptions import subscriptions
from strangler.messaging import Event
from tests.unit.extracted.payments.books import check_books, check_ledger, enter_all
from tests.unit.extracted.payments.factories import message

POLICY = RetryPolicy(max_attempts=3, backoff=60, backoff_max=60)


def handling(group: str = GROUP) -> GroupHandling:
    return GroupHandling(group, subscriptions.of_group(group), using="default", policy=POLICY)


@pytest.fixture
def handle(db) -> Iterator[Callable[..., None]]:
    """What `consume` does with messages, or events of the monolith, that it received together."""
    group = handling()
    yield lambda *told: group.handle([message(each) if isinstance(each, Event) else each for each in told])
    assert list(ParkedMessage.objects.values_list("error", flat=True)) == []
    check_books()
    enter_all()
    check_ledger()


@pytest.fixture
def watch(db) -> Iterator[Callable[..., None]]:
    """The same for the fraud check."""
    group = handling(FRAUD)
    yield lambda *told: group.handle([message(each) if isinstance(each, Event) else each for each in told])
    assert list(ParkedMessage.objects.values_list("error", flat=True)) == []


@pytest.fixture(scope="session")
def _gateway() -> Iterator[Running]:
    with running() as gateway:
        yield gateway


@pytest.fixture
def gateway(_gateway, settings) -> Running:
    """In its own process, well-behaved until a test turns its knobs; `moved()` is what moved since."""
    _gateway.behave()
    settings.GATEWAY_URL = _gateway.url
    return _gateway


@pytest.fixture
def settle_calls(gateway) -> Callable[[], tuple[int, int]]:
    """What the worker does in a round. What waits for a retry, or for the breaker, is due at once."""

    def once(*, wait: bool = False) -> tuple[int, int]:
        if not wait:
            GatewayCall.objects.filter(status="due").update(due_at="2026-01-01T00:00:00Z")
            CircuitBreaker.objects.update(failures=0, open_until=None)
        with Gateway() as client:
            return work(client, stop=Flag(), at_once=4)

    return once


@pytest.fixture
def staff(db):
    return get_user_model().objects.create_superuser("staff", password="correct horse")
