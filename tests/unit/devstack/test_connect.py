"""Kafka Connect with Debezium's connector, real."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import psutil
import pytest
from confluent_kafka import Consumer
from confluent_kafka.admin import AdminClient, NewTopic

from devstack.connect import NativeConnect
from devstack.postgres import EmbeddedPostgres
from devstack.waiting import wait_for
from tests.stack import servers
from tests.unit.devstack import captured
from tests.unit.devstack.conftest import wait_until_gone

POSTGRES = "io.debezium.connector.postgresql.PostgresConnector"


@pytest.fixture(scope="module")
def connect(tmp_path_factory: pytest.TempPathFactory, postgres: EmbeddedPostgres) -> Iterator[NativeConnect]:
    servers.require_native_connect()
    kafka = servers.native_kafka().start()
    with NativeConnect(tmp_path_factory.mktemp("connect"), kafka, captured.variables(postgres)) as worker:
        yield worker


def test_it_offers_the_postgresql_connector_and_no_other_database(connect: NativeConnect) -> None:
    offered = [plugin["class"] for plugin in httpx.get(f"{connect.url}/connector-plugins", timeout=30).json()]
    assert [name for name in offered if name.startswith("io.debezium")] == [POSTGRES]


def test_the_outbox_event_router_is_among_its_transformations(connect: NativeConnect) -> None:
    url = f"{connect.url}/connector-plugins?connectorsOnly=false"
    offered = {plugin["class"] for plugin in httpx.get(url, timeout=30).json()}
    assert "io.debezium.transforms.outbox.EventRouter" in offered


def test_a_connector_carries_rows_to_kafka_and_survives_kill_9_of_the_worker(
    connect: NativeConnect, postgres: EmbeddedPostgres
) -> None:
    url = connect.url
    captured.make_table(postgres)
    _make_topic(connect.kafka.bootstrap, "orders")
    strings = "org.apache.kafka.connect.storage.StringConverter"
    configuration = {
        **captured.source(postgres, password="${env:CDC_PASSWORD}", slot="connect"),
        **captured.router(),
        "key.converter": strings,
        "value.converter": strings,
    }
    httpx.put(f"{url}/connectors/kept/config", json=configuration, timeout=60).raise_for_status()
    _wait_until_it_runs(url)
    captured.insert(postgres, "before")
    assert "before" in _received(connect.kafka.bootstrap, until="before")

    server = psutil.Process(connect.pid)
    connect.kill()
    wait_until_gone([server])
    captured.insert(postgres, "after")
    assert connect.start().url == url
    assert "after" in _received(connect.kafka.bootstrap, until="after")


def _make_topic(bootstrap: str, name: str) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for made in admin.create_topics([NewTopic(name, 1, 1)]).values():
        made.result(timeout=30)


def _wait_until_it_runs(url: str) -> None:
    """Until then there is no slot, and what is inserted before there is one is nobody's."""

    def running() -> bool:
        answer = httpx.get(f"{url}/connectors/kept/status", timeout=30)
        return answer.is_success and [task["state"] for task in answer.json()["tasks"]] == ["RUNNING"]

    wait_for(running, 60, "the connector's task")


def _received(bootstrap: str, *, until: str) -> list[str]:
    group = {"group.id": until, "auto.offset.reset": "earliest"}
    consumer = Consumer({"bootstrap.servers": bootstrap, **group})
    consumer.subscribe(["orders"])
    received: list[str] = []

    def there() -> bool:
        message = consumer.poll(0.2)
        if message is not None and message.error() is None:
            received.append((message.value() or b"").decode())
        return until in received

    try:
        wait_for(there, 90, f"{until!r} in topic orders")
    finally:
        consumer.close()
    return received
