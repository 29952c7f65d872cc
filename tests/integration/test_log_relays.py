"""The relays that read the log, as processes, on a real one: what is their own beside what every relay must stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from threading import Thread

import psycopg
import pytest

from devstack.processes import ManagedProcess
from strangler.brokers import connect
from strangler.messaging import decode
from tests.stack import servers
from tests.support.altered import altered
from tests.support.project import Project
from tests.support.slots import drop_slot
from tests.support.waiting import until

_POSITIONS = """
    SELECT lsn FROM pg_logical_slot_get_binary_changes(
        %s, NULL, NULL, 'proto_version', '1', 'publication_names', 'strangler_outbox')
    WHERE get_byte(data, 0) = ascii('I')
"""
TAKEN, IGNORED = "sample.step_taken", "sample.step_ignored"


@pytest.fixture
def broker_url() -> str:
    servers.queues().start()
    return servers.pgmq_url()


@pytest.fixture(params=["stream", "debezium"])
def project(request: pytest.FixtureRequest, new_project: Callable[[str], Project]) -> Project:
    return new_project(request.param)


@pytest.fixture
def superuser(project: Project) -> Iterator[psycopg.Connection]:
    with servers.business().connect(name(project)) as session:
        yield session


def name(project: Project) -> str:
    """Of its database, its exchange and its slot."""
    return str(project.rows("SELECT current_database()")[0][0])


@pytest.mark.parametrize("project", ["debezium"], indirect=True)
def test_each_event_of_a_transaction_has_a_position_of_its_own_in_the_log(
    project: Project, superuser: psycopg.Connection
) -> None:
    """Of several rows under one, Debezium forgets those it has not sent when it is killed (debezium/dbz#1554)."""
    superuser.execute("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", [f"look_{name(project)}"])
    project.publish(*(("a", step, "ok") for step in range(50)))
    positions = superuser.execute(_POSITIONS, [f"look_{name(project)}"]).fetchall()
    drop_slot(superuser, f"look_{name(project)}")
    assert len(positions) == len(set(positions)) == 50


def test_a_log_connection_and_slot_taken_away_under_load_lose_nothing(
    project: Project, superuser: psycopg.Connection
) -> None:
    load = project.start_load()
    project.start_consumer()
    relay = streaming(project)
    cut = "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = %s"
    for streams in (1, 2, 3):
        relay.wait_for(partial(streams_for_the, streams, relay), 30, "the stream")
        handled_some_more(project)
        until(lambda: slot(superuser, name(project)) == (True,), "the relay to hold the slot")
        superuser.execute(cut, [name(project)])
        drop_slot(superuser, name(project))
    handled_some_more(project)
    load.terminate()
    project.expect_everything_handled_once_in_order()
    assert relay.running


def test_a_slot_deleted_while_no_relay_runs_loses_nothing(project: Project, superuser: psycopg.Connection) -> None:
    load = project.start_load()
    project.start_consumer()
    relay = streaming(project)
    for _ in range(2):
        handled_some_more(project)
        relay.kill_9()
        drop_slot(superuser, name(project))
        relay.start()
    handled_some_more(project)
    load.terminate()
    project.expect_everything_handled_once_in_order()


@pytest.mark.parametrize("by", ["the drain at the start", "the stream"])
def test_a_refused_message_holds_up_its_key_alone_and_goes_out_once_somebody_takes_it(
    project: Project, broker_url: str, by: str
) -> None:
    if by == "the stream":
        streaming(project)
    project.run(
        """
        import django; django.setup()
        from django.db import transaction
        from strangler.outbox import publish_many
        from tests.sample.events import StepIgnored, StepTaken
        with transaction.atomic():
            publish_many([StepIgnored(thing="a", step=0), StepTaken(thing="a", step=1), StepTaken(thing="b", step=0)])
        """
    )
    if by == "the drain at the start":
        streaming(project)
    broker = connect(broker_url, exchange=name(project))
    until(lambda: pending(project) == [("a", IGNORED), ("a", TAKEN)], "only the refused key to be pending")
    ((error,),) = project.rows("SELECT last_error FROM strangler_outbox WHERE last_error <> ''")
    assert IGNORED in error
    project.publish(("a", 2, "ok"))
    until(lambda: len(pending(project)) == 3, "the next of the key to wait behind it")
    broker.declare("sample", [TAKEN, IGNORED])
    until(lambda: pending(project) == [], "everything to go out", seconds=15)
    with broker.subscriber("sample", [TAKEN, IGNORED], prefetch=10) as queue:
        events = [decode(delivery.body).data for delivery in queue.receive(timeout=10)]
    assert [event["step"] for event in events if event["thing"] == "a"] == [0, 1, 2]


@pytest.mark.parametrize("moment", ["relay_started", "relay_streams", "a message"])
def test_sigterm_ends_it_cleanly_and_leaves_no_slot(
    project: Project, superuser: psycopg.Connection, moment: str
) -> None:
    relay = project.start_relay()
    if moment == "a message":
        project.publish(("a", 0, "ok"))
        until(lambda: not pending(project), "a message to be relayed")
    else:
        relay.wait_for(lambda: said(relay, moment), 30, moment)
    assert relay.terminate(timeout=15) == 0
    assert slot(superuser, name(project)) is None
    assert not said(relay, "Traceback")
    assert not said(relay, "ERROR")


def test_an_idle_outbox_lets_the_server_give_up_the_log_of_other_tables(
    project: Project, superuser: psycopg.Connection
) -> None:
    streaming(project)
    superuser.execute("CREATE TABLE busy AS SELECT generate_series(1, 10000)")
    ((written,),) = superuser.execute("SELECT pg_current_wal_lsn()").fetchall()
    behind = "SELECT confirmed_flush_lsn < %s FROM pg_replication_slots WHERE slot_name = %s"
    until(lambda: superuser.execute(behind, [written, name(project)]).fetchall() == [(False,)], "the slot to move")


def test_a_long_transaction_at_the_start_holds_up_no_event(project: Project, superuser: psycopg.Connection) -> None:
    """It keeps the slot waiting; until that is made, the outbox is polled."""
    with superuser.transaction():
        superuser.execute("SELECT pg_current_xact_id()")
        relay = project.start_relay()
        for step in range(2):
            project.publish(("a", step, "ok"))
            until(lambda: not pending(project), "a message to be relayed")
        assert not said(relay, "relay_streams")
    relay.wait_for(lambda: said(relay, "relay_streams"), 30, "the stream")


def test_a_commit_that_no_standby_has_confirmed_is_not_told_to_the_broker(
    project: Project, superuser: psycopg.Connection, broker_url: str
) -> None:
    """The log has it, nobody can see it: if this server died now, it would never have happened."""
    relay = streaming(project)
    behind = "SELECT confirmed_flush_lsn < %s FROM pg_replication_slots WHERE slot_name = %s"
    with connect(broker_url, exchange=name(project)).subscriber("sample", [TAKEN], prefetch=10) as queue:
        with altered(servers.business(), "synchronous_standby_names", "nobody"):
            publishing = Thread(target=project.publish, args=[("a", 0, "ok")])
            publishing.start()
            waits = "SELECT pg_current_wal_lsn() FROM pg_stat_activity WHERE datname = %s AND wait_event = 'SyncRep'"
            until(lambda: superuser.execute(waits, [name(project)]).fetchone(), "the commit to wait for the standby")
            ((written,),) = superuser.execute(waits, [name(project)]).fetchall()
            until(lambda: said(relay, "commit_not_visible_yet"), "the relay to wait for the commit")
            assert queue.receive(timeout=0.2) == []
            assert superuser.execute(behind, [written, name(project)]).fetchall() == [(True,)]
        publishing.join()
        assert len(queue.receive(timeout=20)) == 1
    until(lambda: not pending(project), "the message to be settled")
    assert not said(relay, "outbox_row_is_gone")


def test_a_second_relay_waits_until_the_first_is_gone(project: Project) -> None:
    first, second = streaming(project), project.start_relay()
    second.wait_for(lambda: said(second, "relay_waits"), 30, "its turn")
    assert times_streaming(first) == 1
    first.kill_9()
    second.wait_for(lambda: times_streaming(second) == 2, 30, "the stream")
    project.publish(("a", 0, "ok"))
    until(lambda: not pending(project), "a message to be relayed")


def streaming(project: Project) -> ManagedProcess:
    relay = project.start_relay()
    relay.wait_for(lambda: times_streaming(relay) == 1, 30, "the stream")
    return relay


def times_streaming(relay: ManagedProcess) -> int:
    return said(relay, "relay_streams")


def streams_for_the(time: int, relay: ManagedProcess) -> bool:
    return times_streaming(relay) == time


def said(relay: ManagedProcess, text: str) -> int:
    """How often; all relays of a project write one log."""
    return relay.log.read_text(encoding="utf-8").count(text)


def pending(project: Project) -> list[tuple[str, str]]:
    return project.rows(
        "SELECT aggregate_id, routing_key FROM strangler_outbox WHERE relayed_at IS NULL ORDER BY position"
    )


def handled_some_more(project: Project, count: int = 150) -> None:
    def handled() -> int:
        return int(project.rows("SELECT count(*) FROM sample_effect")[0][0])

    goal = handled() + count
    until(lambda: handled() >= goal, f"{goal} effects", seconds=60)


def slot(superuser: psycopg.Connection, name: str) -> tuple[object, ...] | None:
    return superuser.execute("SELECT active FROM pg_replication_slots WHERE slot_name = %s", [name]).fetchone()
