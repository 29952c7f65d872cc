"""What happens to replication slots in real life, what it does to events, and that the doctor knows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import psycopg
import pytest

from devstack import postgres
from devstack.postgres import EmbeddedPostgres
from devstack.processes import ManagedProcess
from strangler.brokers import connect
from strangler.messaging import decode
from tests.integration.hosted import HEARTBEAT_MS, EngineHost, HostedProject, make_slot
from tests.stack import servers
from tests.support.altered import altered
from tests.support.slots import drop_slot
from tests.support.waiting import until

TAKEN = "sample.step_taken"
BROKER_OF_ANOTHER_HOST = "unroutable"
"""What the doctor says here besides: the host of these tests writes a file, and Debezium Server takes no PGMQ."""


@pytest.fixture
def broker_url() -> str:
    servers.queues().start()
    return servers.pgmq_url()


@pytest.fixture
def project(broker_url: str, tmp_path: Path) -> Iterator[HostedProject]:
    project = HostedProject(servers.business().start(), broker_url, relay="server", folder=tmp_path)
    yield project
    project.close()


@pytest.fixture
def superuser(project: HostedProject) -> Iterator[psycopg.Connection]:
    """The slot goes with the test, or it would keep log for ever."""
    with servers.business().connect(project.name) as session:
        yield session
        if slot(session, project):
            drop_slot(session, project.name)


@pytest.fixture
def running() -> Iterator[ExitStack]:
    """Processes that end with the test."""
    with ExitStack() as processes:
        yield processes


class TestASlotMadeAnew:
    """DBZ-5739: by an upgrade, a failover or a person. What was committed in between is in no stream."""

    @pytest.fixture
    def host(self, project: HostedProject, superuser: psycopg.Connection, running: ExitStack) -> EngineHost:
        """Event 1 was carried, the host is gone, and so is event 2: the slot was made anew after it."""
        project.manage("cdc_setup")
        host = EngineHost(project)
        begin(host.process, running)
        project.steps(1)
        host.expect(1)
        host.process.kill_9()
        project.steps(2)
        drop_slot(superuser, project.name)
        make_slot(superuser, project.name)
        return host

    def test_debezium_refuses_to_go_on(self, host: EngineHost, running: ExitStack) -> None:
        begin(host.process, running)
        until(lambda: not host.process.running, "the host to give up")
        assert "no longer available on the server" in host.process.tail()
        assert host.carried() == [1]

    def test_without_its_offsets_it_skips_an_event_in_silence(
        self, project: HostedProject, host: EngineHost, running: ExitStack
    ) -> None:
        """They are deleted to get it going again, or were in a container without a volume."""
        host.offsets.unlink()
        begin(host.process, running)
        until(host.offsets.exists, "the host to read the slot")
        project.steps(3)
        host.expect(1, 3)
        assert host.process.running

    def test_recovery_carries_what_was_skipped_before_debezium_goes_on(
        self,
        project: HostedProject,
        superuser: psycopg.Connection,
        host: EngineHost,
        running: ExitStack,
        broker_url: str,
    ) -> None:
        drop_slot(superuser, project.name)
        assert project.doctor(code=1)["slot"]["recoverable"]
        project.manage("cdc_doctor", "--recover")
        assert steps_in(broker_url, project) == [1, 2]
        host.offsets.unlink()
        begin(host.process, running)
        project.steps(3)
        host.expect(1, 3)
        findings = project.doctor(code=1)
        assert {topic for topic, found in findings.items() if found["severity"] != "ok"} == {BROKER_OF_ANOTHER_HOST}
        assert findings["lag"]["unit"] == "seconds"


class TestAnIdleDatabase:
    """Beside a busy one of the same server, which shares its log."""

    def test_without_heartbeats_it_keeps_log_for_ever(
        self, project: HostedProject, superuser: psycopg.Connection, running: ExitStack
    ) -> None:
        project.manage("cdc_setup")
        host = EngineHost(project, heartbeat_interval_ms="0")
        begin(host.process, running)
        project.steps(1)
        host.expect(1)
        kept = 0.0
        for _ in range(3):
            somebody_else_is_busy()
            before, kept = kept, kept_by(superuser, project)
            assert kept > before + 4_000_000
        assert kept > 12_000_000

    def test_with_heartbeats_it_lets_go_of_it(
        self, project: HostedProject, superuser: psycopg.Connection, running: ExitStack
    ) -> None:
        project.manage("cdc_setup")
        host = EngineHost(project, heartbeat_interval_ms=str(HEARTBEAT_MS))
        begin(host.process, running)
        for _ in range(3):
            somebody_else_is_busy()
            until(lambda: kept_by(superuser, project) < 2_000_000, "the slot to let go")
        assert host.carried() == []


def test_a_slot_that_falls_behind_is_warned_of_then_lost_then_recovered(
    project: HostedProject, superuser: psycopg.Connection, broker_url: str
) -> None:
    project.manage("cdc_setup")
    project.steps(1)
    with at_most_kept("64MB"):
        write(superuser, 40)
        warned = project.doctor(code=1)["wal_kept"]
        assert (warned["severity"], "wal_status" in warned["what"]) == ("warning", True)
        assert 33_000_000 < warned["figure"] < 64 * 1024**2
    with at_most_kept("1MB"):
        unreserved = project.doctor(code=1)["wal_kept"]
        assert (unreserved["severity"], "unreserved" in unreserved["what"]) == ("critical", True)
        write(superuser, 40)
        superuser.execute("CHECKPOINT")
        lost = project.doctor(code=1)["slot"]
        assert (lost["severity"], "lost" in lost["what"], lost["recoverable"]) == ("critical", True, True)
    said = project.manage("cdc_doctor", "--recover")
    assert "made anew; 1 pending events carried" in said
    assert steps_in(broker_url, project) == [1]
    assert not project.doctor(code=1)["slot"]["recoverable"]


def test_a_server_whose_log_is_not_logical_is_told_with_the_sql(
    tmp_path: Path, broker_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with EmbeddedPostgres(tmp_path / "server") as server:
        project = HostedProject(server, broker_url, relay="server", folder=tmp_path)
        monkeypatch.setitem(postgres.SETTINGS, "wal_level", "replica")
        server.restart()
        finding = project.doctor(code=1)["wal_level"]
        assert "ALTER SYSTEM SET wal_level = logical" in finding["remedy"]


def begin(process: ManagedProcess, running: ExitStack) -> None:
    process.start()
    running.callback(process.kill_9)


def steps_in(broker_url: str, project: HostedProject) -> list[int]:
    with connect(broker_url, exchange=project.name).subscriber("sample", [TAKEN], prefetch=100) as queue:
        return [decode(delivery.body).data["step"] for delivery in queue.receive(timeout=5)]


def slot(superuser: psycopg.Connection, project: HostedProject) -> tuple[object, ...] | None:
    state = "SELECT wal_status FROM pg_replication_slots WHERE slot_name = %s"
    return superuser.execute(state, [project.name]).fetchone()


def kept_by(superuser: psycopg.Connection, project: HostedProject) -> float:
    """Bytes of log."""
    kept = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) FROM pg_replication_slots WHERE slot_name = %s"
    ((size,),) = superuser.execute(kept, [project.name]).fetchall()
    return float(size)


def somebody_else_is_busy() -> None:
    """5 MB of log in another database of the same server."""
    with servers.business().connect("postgres") as session:
        write(session, 5)
        session.execute("SELECT pg_log_standby_snapshot()")


def write(session: psycopg.Connection, megabytes: int) -> None:
    for _ in range(megabytes):
        session.execute("SELECT pg_logical_emit_message(false, 'busy', repeat('x', 1024 * 1024))")
    session.execute("SELECT pg_switch_wal()")


def at_most_kept(size: str) -> AbstractContextManager[None]:
    return altered(servers.business(), "max_slot_wal_keep_size", size)
