"""Real servers for the conformance suite, started once, on free ports, gone with the test run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from devstack.postgres import EmbeddedPostgres
from devstack.rabbitmq import NativeRabbitMQ
from strangler.brokers.amqp import topology


@pytest.fixture(autouse=True)
def _nobody_kills_the_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topology, "NEW_QUEUE_SECONDS", 0.0)


@pytest.fixture(scope="session")
def queues_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(tmp_path_factory.mktemp("queues")) as server:
        yield server


@pytest.fixture(scope="session")
def pgmq_url(queues_server: EmbeddedPostgres) -> str:
    """A database whose owner is an ordinary role."""
    queues_server.ensure_role("queues")
    queues_server.ensure_database("queues", owner="queues")
    return queues_server.url("queues", "queues").replace("postgresql://", "pgmq://", 1)


@pytest.fixture(scope="session")
def new_rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], NativeRabbitMQ]:
    if NativeRabbitMQ.find() is None:
        reason = (
            "RABBITMQ IS NOT TESTED: it is not installed here (apt-get install rabbitmq-server, or set RABBITMQ_HOME)"
        )
        if "rabbitmq" in os.environ.get("STRANGLER_REQUIRE", ""):
            pytest.fail(f"STRANGLER_REQUIRE asks for rabbitmq. {reason}", pytrace=False)
        pytest.skip(reason)
    return lambda: NativeRabbitMQ(tmp_path_factory.mktemp("rabbitmq"))


@pytest.fixture(scope="session")
def rabbitmq_url(new_rabbitmq: Callable[[], NativeRabbitMQ]) -> Iterator[str]:
    with new_rabbitmq() as server:
        yield server.url
