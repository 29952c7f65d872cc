"""An exchange of its own for each test, on the shared Kafka; the client is imported only where it is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from strangler.brokers import Broker
from strangler.testing.traffic import prepared

if TYPE_CHECKING:
    from confluent_kafka.admin import AdminClient


@pytest.fixture
def exchange() -> str:
    return f"kafka-{uuid4().hex[:8]}"


@pytest.fixture
def broker(kafka_url: str, exchange: str) -> Broker:
    return prepared(kafka_url, exchange)


@pytest.fixture
def admin(kafka_url: str) -> AdminClient:
    from strangler.brokers.kafka.cluster import Cluster

    return Cluster(kafka_url).admin()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    from strangler.brokers.kafka import cluster

    monkeypatch.setattr(cluster, "TIMEOUT", 3.0)
