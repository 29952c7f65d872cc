"""Debezium Server to RabbitMQ and Kafka Connect to Kafka, the real ones, with the configuration that the kit prints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import httpx
import psycopg
import pytest

from devstack.debezium_server import NativeDebeziumServer
from strangler.brokers import connect
from strangler.relay.debezium import hosts
from strangler.relay.debezium.source import source_of
from tests.integration.hosted import HostedProject
from tests.stack import servers
from tests.support.slots import drop_slot
from tests.support.waiting import until

TAKEN = "sample.step_taken"


class Host(Protocol):
    def start(self) -> object: ...

    def kill(self) -> None:
        """`kill -9`."""


class ConnectHost:
    """The shared worker with the project's connector. `manage.py debezium apply` starts it the first time."""

    def __init__(self, project: HostedProject) -> None:
        self._project = project
        self._applied = False

    def start(self) -> None:
        servers.connect().start()
        if not self._applied:
            self._project.manage("debezium", "apply")
            self._applied = True
        until(self.runs, "the connector to run", seconds=60)

    def runs(self) -> bool:
        try:
            return "task 0: RUNNING" in self._project.manage("debezium", "status")
        except AssertionError:
            return False

    def kill(self) -> None:
        servers.connect().kill()


@pytest.fixture(params=["server", "connect"])
def kind(request: pytest.FixtureRequest) -> str:
    if request.param == "server":
        servers.require_rabbitmq()
        servers.require_debezium_server()
    else:
        servers.require_kafka()
        servers.require_connect()
    return str(request.param)


@pytest.fixture
def broker_url(kind: str) -> str:
    return servers.rabbitmq().start().url if kind == "server" else servers.kafka().start().url


@pytest.fixture
def project(kind: str, broker_url: str, tmp_path: Path) -> Iterator[HostedProject]:
    env = {"CONNECT_URL": servers.connect().start().url} if kind == "connect" else {}
    project = HostedProject(servers.business().start(), broker_url, relay=kind, folder=tmp_path, **env)
    project.manage("cdc_setup")
    yield project
    project.close()


@pytest.fixture
def host(kind: str, project: HostedProject, broker_url: str) -> Iterator[Host]:
    if kind == "server":
        server = debezium_server(project, broker_url)
        yield server
        server.kill()
    else:
        worker = servers.connect()
        if worker.env.get("CDC_PASSWORD") != project.cdc_password:
            worker.env["CDC_PASSWORD"] = project.cdc_password
            worker.restart()
        yield ConnectHost(project)
        worker.start()
        until(lambda: deleted(f"{worker.url}/connectors/{project.name}"), "the connector to be deleted", seconds=40)


@pytest.fixture
def superuser(project: HostedProject, host: Host) -> Iterator[psycopg.Connection]:
    with servers.business().connect(project.name) as session:
        yield session


@pytest.fixture(autouse=True)
def _slot_goes_with_the_test(project: HostedProject) -> Iterator[None]:
    yield
    with servers.business().connect(project.name) as session:
        session.execute(
            "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = %s", [project.name]
        )
        drop_slot(session, project.name)


def debezium_server(project: HostedProject, broker_url: str) -> NativeDebeziumServer:
    debezium = project.debezium
    properties = hosts.server(debezium, source_of(debezium), hosts.rabbit_of(broker_url), exchange=project.name)
    rabbit_password = unquote(urlsplit(broker_url).password or "")
    env = {"CDC_PASSWORD": project.cdc_password, "RABBITMQ_PASSWORD": rabbit_password}
    return NativeDebeziumServer(project.folder / "debezium-server", properties, env)


def test_the_broker_gets_the_payload_byte_for_byte_and_nothing_else(
    project: HostedProject, host: Host, superuser: psycopg.Connection, broker_url: str
) -> None:
    """No heartbeat either, while they let the slot of an idle outbox move on."""
    host.start()
    project.publish(("Łódź \\u2028 \\t\\0", 1, "'\"\\\\"), ("a", 1, "ok"))
    received = everything(project, broker_url, 2)
    assert sorted(received) == sorted(payload for (payload,) in project.rows("SELECT payload FROM strangler_outbox"))
    moves_on(superuser, project)
    assert everything(project, broker_url, 0) == []


def test_a_killed_host_loses_nothing_keeps_the_order_and_all_is_settled(project: HostedProject, host: Host) -> None:
    host.start()
    project.start_relay()
    project.start_consumer()
    load = project.start_load(rate=50)
    for _ in range(2):
        handled_some_more(project)
        host.kill()
        host.start()
    handled_some_more(project)
    load.terminate()
    project.expect_everything_handled_once_in_order()


def test_a_host_survives_the_database_and_the_doctor_finds_it_well(
    project: HostedProject, host: Host, superuser: psycopg.Connection
) -> None:
    host.start()
    relay = project.start_relay()
    project.steps(0)
    until(lambda: not pending(project), "the first event to be settled", seconds=40)
    servers.business().kill()
    servers.business().start()
    project.steps(1)
    until(lambda: not pending(project), "the second event to be settled", seconds=90)
    findings = project.doctor(code=0)
    assert {each["severity"] for each in findings.values()} == {"ok"}
    assert relay.running


def deleted(connector: str) -> bool:
    """False while the workers rebalance."""
    return httpx.delete(connector, timeout=40).status_code in {httpx.codes.NO_CONTENT, httpx.codes.NOT_FOUND}


def everything(project: HostedProject, broker_url: str, count: int) -> list[str]:
    """The bodies that come, `count` of them at least."""
    bodies: list[str] = []
    broker = connect(broker_url, exchange=project.name)
    with broker.subscriber("sample", [TAKEN], prefetch=100) as queue:

        def received() -> bool:
            deliveries = queue.receive(timeout=1)
            bodies.extend(bytes(delivery.body).decode() for delivery in deliveries)
            queue.ack(deliveries)
            return len(bodies) >= count

        until(received, f"{count} messages", seconds=40)
    return bodies


def moves_on(superuser: psycopg.Connection, project: HostedProject) -> None:
    superuser.execute("SELECT pg_logical_emit_message(false, 'busy', repeat('x', 1024 * 1024))")
    ((end,),) = superuser.execute("SELECT pg_current_wal_insert_lsn()::text").fetchall()
    passed = "SELECT confirmed_flush_lsn >= %s::pg_lsn FROM pg_replication_slots WHERE slot_name = %s"
    until(lambda: superuser.execute(passed, [end, project.name]).fetchone() == (True,), "the slot to move on")


def pending(project: HostedProject) -> int:
    return int(project.rows("SELECT count(*) FROM strangler_outbox WHERE relayed_at IS NULL")[0][0])


def handled_some_more(project: HostedProject, count: int = 60) -> None:
    handled: Callable[[], int] = lambda: int(project.rows("SELECT count(*) FROM sample_effect")[0][0])  # noqa: E731
    goal = handled() + count
    until(lambda: handled() >= goal, f"{goal} effects", seconds=60)
