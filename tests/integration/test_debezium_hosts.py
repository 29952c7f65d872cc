"""Debezium Server to RabbitMQ and Kafka Connect to Kafka: what is their own beside what every relay must stand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from strangler.brokers import connect
from tests.integration.deployments import HostedDeployment, deployment_of, keep_unroutable
from tests.stack import servers
from tests.support.waiting import until

TAKEN, IGNORED = "sample.step_taken", "sample.step_ignored"


@pytest.fixture(params=[("server", "rabbitmq"), ("connect", "kafka")], ids=" on ".join)
def pair(request: pytest.FixtureRequest) -> tuple[str, str]:
    relay, broker = request.param
    return relay, broker


@pytest.fixture
def project(pair: tuple[str, str], tmp_path: Path) -> Iterator[HostedDeployment]:
    with deployment_of(*pair, tmp_path) as deployment:
        assert isinstance(deployment, HostedDeployment)
        yield deployment


@pytest.fixture
def superuser(project: HostedDeployment) -> Iterator[psycopg.Connection]:
    with servers.business().connect(project.name) as session:
        yield session


def test_heartbeats_reach_no_queue_while_they_let_the_slot_of_an_idle_outbox_move_on(
    project: HostedDeployment, superuser: psycopg.Connection
) -> None:
    project.host.start()
    project.steps(1)
    assert len(project.received(1)) == 1
    moves_on(superuser, project)
    with connect(project.broker_url, exchange=project.name).subscriber("sample", [TAKEN], prefetch=10) as queue:
        assert queue.receive(timeout=1) == []


def test_a_host_survives_the_database_and_the_doctor_finds_it_well(
    project: HostedDeployment, pair: tuple[str, str]
) -> None:
    if pair == ("server", "rabbitmq"):
        keep_unroutable(project)
    relay = project.start_relay()
    project.steps(0)
    until(lambda: not project.pending(), "the first event to be settled")
    servers.business().kill()
    servers.business().start()
    project.steps(1)
    until(lambda: not project.pending(), "the second event to be settled", seconds=90)
    until(lambda: well(project), "the doctor to find nothing", seconds=60)
    assert relay.running


def test_an_event_that_no_queue_takes_is_kept_told_and_sent_again(tmp_path: Path) -> None:
    """RabbitMQ would drop it: Debezium Server does not ask."""
    with deployment_of("server", "rabbitmq", tmp_path) as project:
        assert isinstance(project, HostedDeployment)
        keep_unroutable(project)
        project.start_relay()
        project.ignore("a", 0)
        project.steps(1)
        until(lambda: not project.pending(), "both to be carried")
        found = project.doctor(code=1)["unroutable"]
        assert (found["severity"], found["figure"]) == ("critical", 1)
        broker = connect(project.broker_url, exchange=project.name)
        broker.declare("late", [IGNORED])
        assert "1 events found a queue, 0 are still in" in project.manage("debezium", "resend")
        with broker.subscriber("late", [IGNORED], prefetch=10) as queue:
            assert [delivery.body for delivery in queue.receive(timeout=10)] == project.payloads()[:1]
        assert project.doctor(code=0)["unroutable"]["severity"] == "ok"


def well(project: HostedDeployment) -> bool:
    try:
        return {each["severity"] for each in project.doctor(code=0).values()} == {"ok"}
    except AssertionError:  # it exits 1: Debezium has not come back yet
        return False


def moves_on(superuser: psycopg.Connection, project: HostedDeployment) -> None:
    superuser.execute("SELECT pg_logical_emit_message(false, 'busy', repeat('x', 1024 * 1024))")
    ((end,),) = superuser.execute("SELECT pg_current_wal_insert_lsn()::text").fetchall()
    passed = "SELECT confirmed_flush_lsn >= %s::pg_lsn FROM pg_replication_slots WHERE slot_name = %s"
    until(lambda: superuser.execute(passed, [end, project.name]).fetchone() == (True,), "the slot to move on")
