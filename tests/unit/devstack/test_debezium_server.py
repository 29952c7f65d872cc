"""Debezium Server between a PostgreSQL and a RabbitMQ, all real."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import kombu
import psutil
import pytest

from devstack.debezium_server import NativeDebeziumServer
from devstack.postgres import EmbeddedPostgres
from devstack.processes import ProcessFailed
from devstack.waiting import wait_for
from tests.stack import servers
from tests.unit.devstack import captured
from tests.unit.devstack.conftest import wait_until_gone

EXCHANGE = "captured"


@pytest.fixture(scope="module")
def queue() -> Iterator[kombu.Queue]:
    servers.require_rabbitmq()
    with kombu.Connection(servers.rabbitmq().start().url) as connection:
        exchange = kombu.Exchange(EXCHANGE, "topic", durable=True)
        queue = kombu.Queue("captured", exchange, "orders", durable=True)(connection.channel())
        queue.declare()
        yield queue


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, postgres: EmbeddedPostgres, queue: kombu.Queue
) -> Iterator[NativeDebeziumServer]:
    servers.require_debezium_server()
    captured.make_table(postgres)
    root = tmp_path_factory.mktemp("debezium-server")
    rabbit = urlsplit(servers.rabbitmq().url)
    env = {**captured.variables(postgres), "RABBITMQ_PASSWORD": unquote(rabbit.password or "")}
    with NativeDebeziumServer(root, _properties(postgres), env) as running:
        yield running


def _properties(postgres: EmbeddedPostgres) -> dict[str, str]:
    rabbit = urlsplit(servers.rabbitmq().url)
    source = captured.source(postgres, password="${CDC_PASSWORD}", slot="server")
    return {
        **{f"debezium.source.{name}": value for name, value in source.items()},
        **{f"debezium.{name}": value for name, value in captured.router().items()},
        "debezium.source.offset.storage": "org.apache.kafka.connect.storage.FileOffsetBackingStore",
        "debezium.source.offset.storage.file.filename": "${DEBEZIUM_OFFSETS}",
        "debezium.source.offset.flush.interval.ms": "0",
        "debezium.format.key": "simplestring",
        "debezium.format.value": "simplestring",
        "debezium.sink.type": "rabbitmq",
        "debezium.sink.rabbitmq.connection.host": str(rabbit.hostname),
        "debezium.sink.rabbitmq.connection.port": str(rabbit.port),
        "debezium.sink.rabbitmq.connection.username": str(rabbit.username),
        "debezium.sink.rabbitmq.connection.password": "${RABBITMQ_PASSWORD}",
        "debezium.sink.rabbitmq.connection.virtual.host": rabbit.path[1:],
        "debezium.sink.rabbitmq.exchange": EXCHANGE,
        "debezium.sink.rabbitmq.routingKey.source": "topic",
    }


def _next(server: NativeDebeziumServer, queue: kombu.Queue) -> bytes:
    return bytes(wait_for(lambda: queue.get(no_ack=True), 60, "a message", log=server.log).body)


def test_a_row_arrives_byte_for_byte_and_one_written_while_it_was_dead_arrives_too(
    server: NativeDebeziumServer, postgres: EmbeddedPostgres, queue: kombu.Queue
) -> None:
    captured.insert(postgres, '{"note": null,  "n": 1}')
    assert _next(server, queue) == b'{"note": null,  "n": 1}'
    url, process = server.url, psutil.Process(server.pid)
    server.kill()
    wait_until_gone([process])
    captured.insert(postgres, "second")
    assert server.start().url == url
    received = {_next(server, queue)}
    while b"second" not in received:  # the first may come again: it is delivered at least once
        received.add(_next(server, queue))
    assert server.healthy()


def test_offsets_that_a_kill_cut_short_do_not_keep_it_from_starting(server: NativeDebeziumServer) -> None:
    server.kill()
    whole = server.offsets.read_bytes()
    server.offsets.write_bytes(whole[: len(whole) // 2])
    server.start()
    assert server.healthy()


def test_passwords_are_in_the_environment_and_the_file_is_for_its_owner(server: NativeDebeziumServer) -> None:
    file = server.root / "config" / "application.properties"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    content = file.read_text()
    assert "${CDC_PASSWORD}" in content
    assert not any(server.env[name] in content for name in ("CDC_PASSWORD", "RABBITMQ_PASSWORD"))


def test_it_listens_on_the_loopback_interface_only(server: NativeDebeziumServer) -> None:
    listening = [c for c in psutil.Process(server.pid).net_connections() if c.status == psutil.CONN_LISTEN]
    assert {c.laddr.ip.removeprefix("::ffff:") for c in listening} == {"127.0.0.1"}


def test_an_unusable_configuration_is_told_by_its_own_words(server: NativeDebeziumServer, tmp_path: Path) -> None:
    wrong = {**server.properties, "debezium.sink.type": "pigeon"}
    with pytest.raises(ProcessFailed, match=r"(?s)Debezium Server in .* did not start.*pigeon"):
        NativeDebeziumServer(tmp_path, wrong, server.env).start()
