"""The test project as its own service: the monolith of the tests asks it over HTTP, as it would ask any other."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.utils import timezone

from strangler.brokers import OutgoingMessage, connect
from strangler.inbox.models import ParkedMessage

TOKEN = "a token of the tests"
STEP = "sample.step_taken"


class Service:
    """At `live_server`; `configure()` says how the monolith knows it."""

    def __init__(self, url: str, settings: Any) -> None:
        self._settings = settings
        self.broker_url = f"memory://{uuid.uuid4().hex}"
        self.known_as = {"URL": url, "TOKEN": TOKEN, "GROUPS": ["sample"]}
        self.configure()

    def configure(self, *, known_as: dict[str, Any] | None = None, **changes: Any) -> None:
        self.known_as = {**self.known_as, **(known_as or {})}
        self._settings.STRANGLER = {
            **self._settings.STRANGLER,
            "BROKER_URL": self.broker_url,
            "SERVICE_TOKEN": TOKEN,
            "SERVICES": {"reporting": self.known_as},
            **changes,
        }

    def let_wait(self, count: int) -> None:
        """In the queue of its group."""
        broker = connect(self.broker_url)
        broker.declare("sample", [STEP])
        with broker.publisher() as publisher:
            publisher.publish(
                [OutgoingMessage(uuid.uuid4(), "sample.thing", STEP, f"t{number}", b"{}") for number in range(count)]
            )

    def park(self, status: str, count: int, group: str = "sample") -> None:
        ParkedMessage.objects.bulk_create(
            ParkedMessage(
                consumer_group=group,
                message_id=uuid.uuid4(),
                key=f"k{number}",
                type=f"{STEP}.v1",
                status=status,
                next_attempt_at=timezone.now(),
                payload="{}",
            )
            for number in range(count)
        )


@pytest.fixture
def service(settings: Any, live_server: Any) -> Service:
    """Needs `pytest.mark.urls("strangler.cutover.service.urls")`."""
    return Service(live_server.url, settings)
