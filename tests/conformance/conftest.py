"""Real servers for the conformance suite, started once, on free ports, gone with the test run."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable

import pytest

from devstack.rabbitmq import NativeRabbitMQ
from strangler.brokers.amqp import topology
from tests.stack import servers


@pytest.fixture(autouse=True)
def _nobody_kills_the_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topology, "NEW_QUEUE_SECONDS", 0.0)


@pytest.fixture(autouse=True)
def _a_member_that_dies_is_soon_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    if importlib.util.find_spec("confluent_kafka"):
        from strangler.brokers.kafka import subscriber

        monkeypatch.setattr(subscriber, "SESSION_MS", 6_000)


@pytest.fixture(scope="session")
def queues_server() -> servers.Postgres:
    return servers.queues().start()


@pytest.fixture(scope="session")
def pgmq_url(queues_server: servers.Postgres) -> str:
    """A database whose owner is an ordinary role."""
    assert queues_server.running
    return servers.pgmq_url()


@pytest.fixture(scope="session")
def new_rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], NativeRabbitMQ]:
    """For tests that take a server away: one of their own."""
    servers.require_native_rabbitmq()
    return lambda: NativeRabbitMQ(tmp_path_factory.mktemp("rabbitmq"))


@pytest.fixture(scope="session")
def rabbitmq_url() -> str:
    servers.require_rabbitmq()
    return servers.rabbitmq().start().url


@pytest.fixture(scope="session")
def kafka_url() -> str:
    servers.require_kafka()
    return servers.kafka().start().url
