import json
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from monolith.customers.factories import CustomerFactory, UserFactory
from strangler.outbox.models import OutboxMessage


@pytest.fixture
def published() -> Callable[..., list[dict[str, Any]]]:
    """The envelopes in the outbox, oldest first; with a type, only those: `published("orders.order_placed")`."""

    def envelopes(routing_key: str = "") -> list[dict[str, Any]]:
        rows = OutboxMessage.objects.order_by("position")
        if routing_key:
            rows = rows.filter(routing_key=routing_key)
        return [json.loads(row.payload) for row in rows]

    return envelopes


@pytest.fixture
def published_types() -> Callable[[], list[str]]:
    return lambda: list(OutboxMessage.objects.order_by("position").values_list("routing_key", flat=True))


@pytest.fixture
def log_in() -> Callable[[Any], APIClient]:
    def client_of(user: Any) -> APIClient:
        client = APIClient()
        client.force_authenticate(user)
        return client

    return client_of


@pytest.fixture
def customer(db):
    return CustomerFactory()


@pytest.fixture
def staff(db):
    return UserFactory(username="staff", is_staff=True, is_superuser=True)


@pytest.fixture
def extracted(settings):
    """Notifications live in the service, as far as this test is concerned."""
    settings.STRANGLER = {**settings.STRANGLER, "STAGES": {"notifications": "extracted"}}
