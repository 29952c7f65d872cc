from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth import get_user_model

from extracted.inventory.handlers import GROUP
from strangler.inbox.handling import GroupHandling, RetryPolicy
from strangler.inbox.models import ParkedMessage
from strangler.inbox.subscriptions import subscriptions
from strangler.messaging import Event
from tests.unit.extracted.inventory.books import check_levels
from tests.unit.extracted.inventory.factories import message

POLICY = RetryPolicy(max_attempts=3, backoff=60, backoff_max=60)


def handling() -> GroupHandling:
    return GroupHandling(GROUP, subscriptions.of_group(GROUP), using="default", policy=POLICY)


@pytest.fixture
def handle(db) -> Iterator[Callable[..., None]]:
    """What `consume` does with messages, or events of the monolith, that it received together."""
    group = handling()
    yield lambda *told: group.handle([message(each) if isinstance(each, Event) else each for each in told])
    assert list(ParkedMessage.objects.values_list("error", flat=True)) == []
    check_levels()


@pytest.fixture
def staff(db):
    return get_user_model().objects.create_superuser("staff", password="correct horse")
