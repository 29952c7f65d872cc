"""The sample project on each relay and broker, as `strangler.testing.relays` wants it."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import httpx

from devstack.debezium_server import NativeDebeziumServer
from devstack.processes import ManagedProcess, ProcessFailed
from devstack.rabbitmq import VHOST
from strangler.brokers.amqp.unroutable import Unroutable
from strangler.relay.debezium import hosts
from strangler.relay.log.source import source_of
from strangler.testing.relays import Deployment
from tests.integration.hosted import HostedProject
from tests.stack import servers
from tests.support.project import Project
from tests.support.slots import drop_slot
from tests.support.waiting import until

PAIRS = (
    *((relay, broker) for relay in ("polling", "stream", "debezium") for broker in ("pgmq", "rabbitmq", "kafka")),
    ("server", "rabbitmq"),
    ("connect", "kafka"),
)


class Host(Protocol):
    """Debezium Server, or our connector in Kafka Connect."""

    @property
    def running(self) -> bool: ...

    def start(self) -> object: ...

    def stop(self) -> object: ...

    def kill(self) -> None:
        """`kill -9`."""


class ConnectHost:
    """The shared worker with the project's connector. `manage.py debezium apply` starts it the first time."""

    def __init__(self, project: HostedProject) -> None:
        self._project = project
        self._applied = False

    @property
    def running(self) -> bool:
        return servers.connect().running

    def start(self) -> None:
        servers.connect().start()
        if not self._applied:
            self._project.manage("debezium", "apply")
            self._applied = True
        until(self._works, "the connector to run", seconds=60)

    def stop(self) -> None:
        servers.connect().stop()

    def kill(self) -> None:
        servers.connect().kill()

    def _works(self) -> bool:
        try:
            return "task 0: RUNNING" in self._project.manage("debezium", "status")
        except AssertionError:
            return False


class HostedRelay:
    """The host and the settler beside it. A host that gives up is started again, as any supervisor would."""

    def __init__(self, host: Host, settler: ManagedProcess) -> None:
        self._host = host
        self._settler = settler
        self._unwanted = threading.Event()
        self._supervisor = threading.Thread()

    @property
    def running(self) -> bool:
        return self._settler.running

    def start(self) -> HostedRelay:
        self._host.start()
        self._settler.start()
        self._unwanted.clear()
        self._supervisor = threading.Thread(target=self._supervise, daemon=True)
        self._supervisor.start()
        return self

    def kill_9(self) -> None:
        self.end_supervision()
        self._host.kill()
        self._settler.kill_9()

    def terminate(self, timeout: float) -> int:
        self.end_supervision()
        self._host.stop()
        return self._settler.terminate(timeout)

    def send_signal(self, number: int) -> None:
        self._settler.send_signal(number)

    def end_supervision(self) -> None:
        self._unwanted.set()
        if self._supervisor.is_alive():
            self._supervisor.join(timeout=120)

    def _supervise(self) -> None:
        while not self._unwanted.wait(0.5):
            try:
                if not self._host.running:
                    self._host.start()
            except ProcessFailed as error:  # while the database is away; the next round tries again
                print(error)


class HostedDeployment(HostedProject):
    """Its relay is the host together with the settler."""

    host: Host

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._relays: list[HostedRelay] = []

    def start_relay(self, kind: str | None = None) -> HostedRelay | ManagedProcess:  # type: ignore[override]
        """The host with its settler, unless a relay of another kind is asked for."""
        if kind:
            return super().start_relay(kind)
        self._relays.append(HostedRelay(self.host, super().start_relay()))
        return self._relays[-1].start()

    def start_load(self, rate: float = 40, seed: int = 1) -> ManagedProcess:
        """Less than elsewhere: it goes on for all the seconds in which a JVM starts."""
        return super().start_load(rate, seed)

    def close(self) -> None:
        for relay in self._relays:
            relay.end_supervision()
        super().close()


@contextmanager
def deployment_of(relay: str, broker: str, folder: Path) -> Iterator[Deployment]:
    url = broker_url(broker)
    if relay in {"server", "connect"}:
        with hosted(relay, url, folder) as deployment:
            yield deployment
        return
    project = Project(servers.business().start(), url, relay=relay, folder=folder)
    yield project
    project.close()


@contextmanager
def hosted(relay: str, url: str, folder: Path) -> Iterator[HostedDeployment]:
    """Its slot goes with it, or it would keep log for ever."""
    if relay == "server":
        servers.require_debezium_server()
    else:
        servers.require_connect()
    env = {"CONNECT_URL": servers.connect().start().url} if relay == "connect" else {}
    project = HostedDeployment(servers.business().start(), url, relay=relay, folder=folder, **env)
    try:
        project.manage("cdc_setup")
        with _server(project) if relay == "server" else _connector(project) as project.host:
            yield project
            project.close()
    finally:
        project.close()
        with servers.business().connect() as session:
            ends = "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = %s"
            session.execute(ends, [project.name])
            drop_slot(session, project.name)


@contextmanager
def _server(project: HostedProject) -> Iterator[Host]:
    cdc, url = project.cdc, project.broker_url
    properties = hosts.server(cdc, source_of(cdc), hosts.rabbit_of(url), exchange=project.name)
    rabbit_password = unquote(urlsplit(url).password or "")
    env = {"CDC_PASSWORD": project.cdc_password, "RABBITMQ_PASSWORD": rabbit_password}
    server = NativeDebeziumServer(project.folder / "debezium-server", properties, env)
    try:
        yield server
    finally:
        server.kill()


def keep_unroutable(project: HostedProject) -> None:
    """By the policy that the doctor prints, which only an administrator may set."""
    policy = Unroutable(project.broker_url, project.name).policy.replace("VHOST", VHOST)
    servers.rabbitmq().control(*shlex.split(policy)[1:])


@contextmanager
def _connector(project: HostedProject) -> Iterator[Host]:
    worker = servers.connect()
    if worker.env.get("CDC_PASSWORD") != project.cdc_password:
        worker.env["CDC_PASSWORD"] = project.cdc_password
        worker.restart()
    try:
        yield ConnectHost(project)
    finally:
        worker.start()
        until(lambda: _deleted(f"{worker.url}/connectors/{project.name}"), "the connector to be deleted")


def _deleted(connector: str) -> bool:
    """False while the workers rebalance."""
    return httpx.delete(connector, timeout=40).status_code in {httpx.codes.NO_CONTENT, httpx.codes.NOT_FOUND}


def broker_url(broker: str) -> str:
    if broker == "rabbitmq":
        servers.require_rabbitmq()
        return servers.rabbitmq().start().url
    if broker == "kafka":
        servers.require_kafka()
        return servers.kafka().start().url
    servers.queues().start()
    return servers.pgmq_url()
