from collections.abc import Callable

import pytest
from django.contrib.auth import get_user_model
from django.core.mail.backends.locmem import EmailBackend

from extracted.notifications.handlers import GROUP
from strangler.inbox.handling import GroupHandling, RetryPolicy
from strangler.inbox.incoming import Incoming
from strangler.inbox.subscriptions import subscriptions


class ServerDown(EmailBackend):
    def send_messages(self, _messages):
        raise ConnectionRefusedError("no mail server")


@pytest.fixture
def server_down(settings):
    settings.EMAIL_BACKEND = f"{__name__}.ServerDown"


@pytest.fixture
def handle(db, django_capture_on_commit_callbacks) -> Callable[..., None]:
    """What `consume` does with messages it received together, what follows the commit included."""
    policy = RetryPolicy(max_attempts=3, backoff=60, backoff_max=60)
    handling = GroupHandling(GROUP, subscriptions.of_group(GROUP), using="default", policy=policy)

    def handle_together(*messages: Incoming) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            handling.handle(messages)

    return handle_together


@pytest.fixture
def staff(db):
    return get_user_model().objects.create_superuser("staff", password="correct horse")
