"""The settler writes down what the host of Debezium has carried: that, all of that, and nothing else."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psycopg
import pytest
from django.db import connection, connections, transaction

from strangler.brokers import Broker, connect
from strangler.conf import CdcSettings
from strangler.errors import ConfigurationError
from strangler.outbox import publish
from strangler.outbox.models import OutboxMessage
from strangler.relay import lock
from strangler.relay.debezium import settler as settler_module
from strangler.relay.debezium.settler import Settler
from strangler.relay.log.setup import prepare
from tests.sample.events import StepTaken
from tests.support.slots import drop_slot
from tests.support.waiting import until
from tests.unit.relay_log.log_reader import LogReader, position

TAKEN = "sample.step_taken"


@pytest.fixture
def broker() -> Broker:
    broker = connect(f"memory://{uuid.uuid4()}")
    broker.declare("g", [TAKEN])
    return broker


@pytest.fixture
def ready(superuser: psycopg.Connection, cdc: CdcSettings) -> CdcSettings:
    """The role, the publication and the slot are there."""
    superuser.execute(f"CREATE ROLE {cdc.slot} LOGIN REPLICATION PASSWORD 'secret'")
    prepare(connection, cdc)
    make_slot(superuser, cdc)
    return cdc


@pytest.fixture
def reader(ready: CdcSettings) -> Iterator[Callable[[], LogReader]]:
    """Makes readers of the slot; they end with the test, before the slot is dropped."""
    with ExitStack() as readers:
        yield lambda: readers.enter_context(LogReader(ready.database_url, ready.slot, ready.publication))


@pytest.fixture
def start(broker: Broker, ready: CdcSettings, reader: object) -> Iterator[Callable[[], None]]:
    stop = threading.Event()
    threads: list[threading.Thread] = []

    def run() -> None:
        try:
            settler(broker, ready, stop).run()
        finally:
            connections.close_all()

    def begin() -> None:
        threads.append(threading.Thread(target=run, daemon=True))
        threads[-1].start()

    yield begin
    stop.set()
    for thread in threads:
        thread.join(timeout=10)
        assert not thread.is_alive(), "the settler did not stop"


def settler(broker: Broker, cdc: CdcSettings, stop: threading.Event) -> Settler:
    return Settler(
        broker,
        using="default",
        batch_size=10,
        poll_interval=0.05,
        backoff_max=0.3,
        cdc=cdc,
        host="server",
        stop=stop,
    )


def make_slot(superuser: psycopg.Connection, cdc: CdcSettings) -> None:
    superuser.execute("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", [cdc.slot])


def happened(*steps: int) -> None:
    with transaction.atomic():
        for step in steps:
            publish(StepTaken(thing="a", step=step))


def pending() -> int:
    return OutboxMessage.objects.filter(relayed_at=None).count()


def arrived(broker: Broker) -> int:
    with broker.subscriber("g", [TAKEN], prefetch=100) as queue:
        return len(queue.receive(timeout=0.1))


def test_what_the_slot_has_passed_is_settled_and_sent_by_nobody_again(
    superuser: psycopg.Connection, reader: Callable[[], LogReader], start: Callable[[], None], broker: Broker
) -> None:
    host = reader()
    start()
    happened(0, 1)
    host.confirm(position(superuser))
    happened(2)
    until(lambda: host.confirm(position(superuser)) or pending() == 0, "everything to be settled")
    assert list(OutboxMessage.objects.values_list("attempts", flat=True)) == [1, 1, 1]
    assert arrived(broker) == 0


def test_what_the_slot_has_not_passed_stays_pending(
    superuser: psycopg.Connection, reader: Callable[[], LogReader], start: Callable[[], None]
) -> None:
    host = reader()
    start()
    happened(0)
    until(lambda: host.confirm(position(superuser)) or pending() == 0, "the first to be settled")
    before = position(superuser)
    happened(1)
    host.confirm(before)
    with pytest.raises(AssertionError, match="in vain"):
        until(lambda: pending() == 0, "what must not happen", seconds=1.0)


def test_many_rows_are_settled_in_bounded_portions(
    superuser: psycopg.Connection,
    reader: Callable[[], LogReader],
    start: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settler_module, "_CHECKPOINT_ROWS", 7)
    monkeypatch.setattr(settler_module, "_AT_ONCE", 3)
    host = reader()
    happened(*range(20))
    start()
    until(lambda: host.confirm(position(superuser)) or pending() == 0, "everything to be settled")


def test_a_checkpoint_is_settled_whole_in_portions_but_for_what_was_refused_since(
    superuser: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settler_module, "_AT_ONCE", 3)
    happened(*range(20))
    rows = list(OutboxMessage.objects.values_list("id", flat=True))
    OutboxMessage.objects.filter(id=rows[10]).update(retry_at="2999-01-01T00:00:00Z", last_error="no queue took it")
    assert settler_module._settle(connection, rows) == 19
    assert [pending.id for pending in OutboxMessage.objects.filter(relayed_at=None)] == [rows[10]]


def test_a_checkpoint_does_not_outlive_the_reader_it_was_taken_with(
    superuser: psycopg.Connection, ready: CdcSettings, reader: Callable[[], LogReader], broker: Broker
) -> None:
    """Between two readers the slot may have been made anew, further on than the checkpoint."""
    happened(0)
    with psycopg.connect(ready.database_url, autocommit=True) as session:
        one = settler(broker, ready, threading.Event())
        host = reader()
        seen = one._reader(session)
        assert seen is not None
        assert seen.since
        checkpoint = settler_module._checkpoint(connection, seen)
        host.close()
        drop_slot(superuser, ready.slot)
        make_slot(superuser, ready)
        reader().confirm(position(superuser))
        assert not one._passed(session, checkpoint)


def test_a_slot_that_was_gone_has_a_gap_so_what_is_pending_is_carried_from_the_outbox(
    superuser: psycopg.Connection,
    ready: CdcSettings,
    start: Callable[[], None],
    broker: Broker,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with LogReader(ready.database_url, ready.slot, ready.publication) as host:
        start()
        happened(0)
        until(lambda: host.confirm(position(superuser)) or pending() == 0, "the settler to work")
    happened(1)
    drop_slot(superuser, ready.slot)
    until(lambda: "slot_missing" in caplog.text, "the settler to see that the slot is gone")
    make_slot(superuser, ready)
    with LogReader(ready.database_url, ready.slot, ready.publication) as host:
        host.confirm(position(superuser))
        until(lambda: pending() == 0, "the skipped event to be settled")
    assert arrived(broker) == 1


def test_while_nobody_reads_the_slot_what_is_pending_at_the_start_is_carried(
    start: Callable[[], None], broker: Broker
) -> None:
    """A slot made by hand does not have it."""
    happened(0, 1)
    start()
    until(lambda: pending() == 0, "the events of before to be carried")
    assert arrived(broker) == 2


def test_what_another_relay_was_refused_is_carried_when_it_is_due(
    reader: Callable[[], LogReader], start: Callable[[], None], broker: Broker
) -> None:
    happened(0)
    OutboxMessage.objects.update(retry_at="2020-01-01T00:00:00Z", last_error="no queue took it")
    reader()
    start()
    until(lambda: pending() == 0, "the refused event to be carried")
    assert arrived(broker) == 1


def test_what_was_refused_and_is_not_due_is_not_settled_with_the_rest(
    superuser: psycopg.Connection, reader: Callable[[], LogReader], start: Callable[[], None]
) -> None:
    """Nobody has carried it."""
    happened(0)
    OutboxMessage.objects.update(retry_at="2999-01-01T00:00:00Z", last_error="no queue took it")
    happened(1)
    host = reader()
    start()
    until(lambda: host.confirm(position(superuser)) or pending() == 1, "the other to be settled")
    assert OutboxMessage.objects.get(relayed_at=None).last_error


def test_what_is_committed_while_a_checkpoint_is_taken_is_not_in_it(
    ready: CdcSettings,
) -> None:
    """Whatever its position, the commit may lie behind it."""
    seen = settler_module.Reader(1, "now")

    def commits_behind(execute: Callable[..., object], query: str, *arguments: object) -> object:
        result = execute(query, *arguments)
        publisher = threading.Thread(target=in_another_session)
        publisher.start()
        publisher.join()
        return result

    def in_another_session() -> None:
        happened(OutboxMessage.objects.count())
        connection.close()

    happened(0)
    with connection.execute_wrapper(commits_behind):
        checkpoint = settler_module._checkpoint(connection, seen)
    assert OutboxMessage.objects.count() > 1
    assert list(checkpoint.rows) == [OutboxMessage.objects.earliest("position").pk]


def test_other_relays_are_kept_out_while_it_works(
    superuser: psycopg.Connection, reader: Callable[[], LogReader], start: Callable[[], None]
) -> None:
    host = reader()
    start()
    happened(0)
    until(lambda: host.confirm(position(superuser)) or pending() == 0, "the settler to work")
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    assert not lock.acquire(connection, shared=True, stop=stop)


def test_without_a_slot_it_says_which_command_makes_it(
    superuser: psycopg.Connection, ready: CdcSettings, broker: Broker
) -> None:
    drop_slot(superuser, ready.slot)
    with pytest.raises(ConfigurationError, match=r"no slot .*SLOT.*`manage\.py cdc_setup` makes it"):
        settler(broker, ready, threading.Event()).run()


def test_a_publication_that_lost_the_outbox_ends_it_before_anything_skipped_is_settled(
    superuser: psycopg.Connection, ready: CdcSettings, reader: Callable[[], LogReader], broker: Broker
) -> None:
    host = reader()
    happened(0)
    with psycopg.connect(ready.database_url, autocommit=True) as session:
        superuser.execute(f"ALTER PUBLICATION {ready.publication} SET (publish = 'update')")
        host.confirm(position(superuser))
        one = settler(broker, ready, threading.Event())
        thread = threading.Timer(0.2, lambda: host.confirm(f"{position(superuser)}"))
        thread.start()
        with pytest.raises(ConfigurationError, match="does not publish"):
            one._settle_what_is_carried(connection, session)
        thread.join()
    assert pending() == 1
