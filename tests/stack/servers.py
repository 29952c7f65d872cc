"""The servers a test run may need, each started at first use and gone with the run; what is missing is said aloud."""

from __future__ import annotations

import atexit
import os
from functools import cache

import pytest

from devstack.postgres import EmbeddedPostgres
from devstack.rabbitmq import NativeRabbitMQ
from tests.stack.postgres import scratch

MISSING = {"rabbitmq": "apt-get install rabbitmq-server, or set RABBITMQ_HOME"}


def require_rabbitmq() -> None:
    """Skip the test where there is no RabbitMQ; fail it where `STRANGLER_REQUIRE` says there must be one."""
    if NativeRabbitMQ.find() is not None:
        return
    reason = f"RabbitMQ is not installed here: {MISSING['rabbitmq']}"
    if "rabbitmq" in os.environ.get("STRANGLER_REQUIRE", ""):
        pytest.fail(f"STRANGLER_REQUIRE asks for rabbitmq. {reason}", pytrace=False)
    pytest.skip(reason)


@cache
def rabbitmq() -> NativeRabbitMQ:
    """Shared; a test that stops or kills it starts it again."""
    server = NativeRabbitMQ(scratch() / "rabbitmq").start()
    atexit.register(server.stop)
    return server


@cache
def queues() -> EmbeddedPostgres:
    """A PostgreSQL that is only a broker, so that it can be stopped by itself."""
    return _postgres("queues")


@cache
def business() -> EmbeddedPostgres:
    """A PostgreSQL that tests may kill: the test runner's own database is elsewhere."""
    return _postgres("business")


def _postgres(name: str) -> EmbeddedPostgres:
    server = EmbeddedPostgres(scratch() / name).start()
    atexit.register(server.stop)
    return server


def pgmq_url() -> str:
    """A database whose owner is an ordinary role."""
    queues().ensure_role("queues")
    queues().ensure_database("queues", owner="queues")
    return queues().url("queues", "queues").replace("postgresql://", "pgmq://", 1)
