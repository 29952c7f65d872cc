"""The servers a test run may need, each started at first use and gone with the run; what is missing is said aloud.

One that runs elsewhere takes the place of ours where a variable tells its address.
"""

from __future__ import annotations

import atexit
from functools import cache

from devstack import debezium_server, jars, java_runtime
from devstack import kafka as kafka_server
from devstack.connect import NativeConnect
from devstack.kafka import NativeKafka
from devstack.postgres import EmbeddedPostgres
from devstack.rabbitmq import NativeRabbitMQ
from tests.stack import elsewhere
from tests.stack.elsewhere import ConnectElsewhere, KafkaElsewhere, PostgresElsewhere, RabbitMQElsewhere
from tests.stack.postgres import scratch
from tests.stack.required import require

Postgres = EmbeddedPostgres | PostgresElsewhere
RabbitMQ = NativeRabbitMQ | RabbitMQElsewhere
Kafka = NativeKafka | KafkaElsewhere
Connect = NativeConnect | ConnectElsewhere


def require_rabbitmq() -> None:
    """Each of these skips the test where something is missing, and fails it where `STRANGLER_REQUIRE` names it."""
    if not elsewhere.rabbitmq():
        require_native_rabbitmq()


def require_kafka() -> None:
    if not elsewhere.kafka():
        require_native_kafka()


def require_connect() -> None:
    if elsewhere.connect():
        return
    alone = f"{elsewhere.KAFKA} is set without {elsewhere.CONNECT}: a worker of ours would join that Kafka's"
    require("connect", alone if elsewhere.kafka() else None)
    require_native_connect()


def require_native_rabbitmq() -> None:
    how = "apt-get install rabbitmq-server, or set RABBITMQ_HOME"
    require("rabbitmq", None if NativeRabbitMQ.find() else f"RabbitMQ is not installed here: {how}")


def require_native_kafka() -> None:
    require("kafka", _missing(kafka_server.MINIMUM_JAVA, "kafka"))


def require_native_connect() -> None:
    require("connect", _missing(kafka_server.MINIMUM_JAVA, "kafka", "connector"))


def require_debezium_server() -> None:
    """It is always ours, whatever it reads from and sends to: each test has its own."""
    require("debezium-server", _missing(debezium_server.MINIMUM_JAVA, "server"))


def _missing(minimum_java: int, *what: str) -> str | None:
    """Of a server that runs on Java. Its jars are fetched before the tests, not by one of them."""
    if java_runtime.find(minimum_java) is None:
        return f"Java {minimum_java} or newer is not installed here: {java_runtime.HOW_TO_GET_IT}"
    absent = [name for name in what if jars.present(name) is None]
    return f"The jars of {' and '.join(absent)} are not here: {jars.HOW_TO_GET_THEM}" if absent else None


def rabbitmq() -> RabbitMQ:
    """Shared; a test that stops or kills it starts it again."""
    return elsewhere.rabbitmq() or _native_rabbitmq()


def kafka() -> Kafka:
    """Shared; a test that stops or kills it starts it again."""
    return elsewhere.kafka() or native_kafka()


def connect() -> Connect:
    """Shared, at the shared Kafka. A worker reads its environment once: who changes `env` restarts it."""
    return elsewhere.connect() or _native_connect()


def queues() -> Postgres:
    """A PostgreSQL that is only a broker, so that it can be stopped by itself."""
    return elsewhere.postgres() or _postgres("queues")


def business() -> Postgres:
    """A PostgreSQL that tests may kill: the test runner's own database is elsewhere."""
    return elsewhere.postgres() or _postgres("business")


def pgmq_url() -> str:
    """A database whose owner is an ordinary role."""
    queues().ensure_role("queues")
    queues().ensure_database("queues", owner="queues")
    return queues().url("queues", "queues").replace("postgresql://", "pgmq://", 1)


@cache
def native_kafka() -> NativeKafka:
    server = NativeKafka(scratch() / "kafka").start()
    atexit.register(server.stop)
    return server


@cache
def _native_rabbitmq() -> NativeRabbitMQ:
    server = NativeRabbitMQ(scratch() / "rabbitmq").start()
    atexit.register(server.stop)
    return server


@cache
def _native_connect() -> NativeConnect:
    server = NativeConnect(scratch() / "connect", native_kafka()).start()
    atexit.register(server.stop)
    return server


@cache
def _postgres(name: str) -> EmbeddedPostgres:
    server = EmbeddedPostgres(scratch() / name).start()
    atexit.register(server.stop)
    return server
