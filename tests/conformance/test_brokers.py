"""Every adapter against the real thing."""

from __future__ import annotations

from uuid import uuid4

import pytest

from strangler.testing.conformance import BrokerConformance


class TestMemory(BrokerConformance):
    @pytest.fixture
    def broker_url(self) -> str:
        return f"memory://{uuid4().hex}"


class TestPgmq(BrokerConformance):
    @pytest.fixture
    def broker_url(self, pgmq_url: str) -> str:
        return pgmq_url


class TestRabbitMQ(BrokerConformance):
    @pytest.fixture
    def broker_url(self, rabbitmq_url: str) -> str:
        return rabbitmq_url


class TestKafka(BrokerConformance):
    mends_connections = True

    @pytest.fixture
    def broker_url(self, kafka_url: str) -> str:
        return kafka_url
