"""The replication protocol with a real server: what is told to the reader, and what it tells the server is safe."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack

import psutil
import psycopg
import pytest
from django.db import connection, transaction

from strangler.conf import CdcSettings
from strangler.errors import CaptureUnavailable
from strangler.outbox import publish_many
from strangler.outbox.models import OutboxMessage
from strangler.relay.log.reading import Reader
from strangler.relay.log.setup import prepare
from strangler.relay.stream.log import StreamedLog
from strangler.relay.stream.reader import StreamReader
from tests.sample.events import StepTaken
from tests.support.waiting import until

Opened = Callable[..., StreamReader]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def opened(superuser: psycopg.Connection, cdc: CdcSettings) -> Iterator[Opened]:
    """`opened(batch_size=…)` starts to read now; it may be told something in its session first."""
    superuser.execute(f"CREATE ROLE {cdc.slot} LOGIN REPLICATION PASSWORD 'secret'")
    prepare(connection, cdc)
    with ExitStack() as stack:

        def open_it(*, batch_size: int = 100, told: str = "") -> StreamReader:
            log = StreamedLog(cdc, batch_size=batch_size)
            stack.enter_context(log.slot()).result(timeout=10)
            if told:
                assert log.session is not None
                log.session.execute(told.encode())
            reader: AbstractContextManager[Reader] = log.reader("public")
            return stack.enter_context(reader)  # type: ignore[return-value]

        yield open_it


def commit(*steps: int, thing: str = "a", mood: str = "ok") -> None:
    with transaction.atomic():
        publish_many([StepTaken(thing=thing, step=step, mood=mood) for step in steps])


def read(reader: StreamReader, count: int) -> list[bytes]:
    """Bodies of exactly so many rows, each batch settled at once."""
    bodies: list[bytes] = []

    def came() -> bool:
        rows = reader.poll(0.1)
        bodies.extend(row.body for row in rows)
        if rows:
            reader.done()
        return len(bodies) >= count

    until(came, f"{count} rows")
    assert len(bodies) == count
    return bodies


def payloads() -> list[bytes]:
    return [
        payload.encode() for payload in OutboxMessage.objects.order_by("position").values_list("payload", flat=True)
    ]


def confirmed(superuser: psycopg.Connection, cdc: CdcSettings) -> int:
    """How far the slot has come."""
    query = "SELECT confirmed_flush_lsn - '0/0'::pg_lsn FROM pg_replication_slots WHERE slot_name = %s"
    ((position,),) = superuser.execute(query, [cdc.slot]).fetchall()
    return int(position)


def told(reader: StreamReader, superuser: psycopg.Connection, cdc: CdcSettings) -> None:
    """Tell the server how far we are, and wait until it has heard it."""
    query = (
        "SELECT coalesce(extract(epoch FROM reply_time), 0) FROM pg_stat_replication "
        "JOIN pg_replication_slots ON pid = active_pid WHERE slot_name = %s"
    )
    ((before,),) = superuser.execute(query, [cdc.slot]).fetchall()
    reader.stay_alive()
    until(lambda: superuser.execute(query, [cdc.slot]).fetchall()[0][0] > before, "the server to hear it")


def written(superuser: psycopg.Connection) -> int:
    """Where the log ends."""
    ((position,),) = superuser.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn").fetchall()
    return int(position)


def test_rows_come_in_the_order_of_their_commits_with_their_columns(opened: Opened) -> None:
    reader = opened()
    commit(1, 2, thing="Łódź", mood="\u2028 '\"\\ \t")
    commit(3, thing="b", mood="m" * 7_900_000)
    rows: list[tuple[object, ...]] = []
    until(lambda: rows.extend(reader.poll(0.1)) or len(rows) == 3, "three rows")
    wanted = OutboxMessage.objects.order_by("position")
    assert [(row[0], row[1], row[2]) for row in rows] == [
        (each.id, (each.aggregate_type, each.routing_key, each.aggregate_id), each.payload.encode()) for each in wanted
    ]


def test_the_slot_moves_past_a_row_only_when_it_is_done(
    opened: Opened, superuser: psycopg.Connection, cdc: CdcSettings
) -> None:
    reader = opened()
    before = written(superuser)
    ends = []
    for step in (1, 2, 3):
        commit(step)
        ends.append(written(superuser))
        until(lambda: reader.poll(0.1), "the row")  # its commit may be read with the next one
    told(reader, superuser, cdc)
    assert confirmed(superuser, cdc) <= before
    reader.done()
    reader.done()
    until(lambda: not reader.poll(0.05) and confirmed(superuser, cdc) >= ends[0], "the slot to move past the first row")
    assert confirmed(superuser, cdc) < ends[2]
    reader.done()
    end = written(superuser)
    until(lambda: not reader.poll(0.05) and confirmed(superuser, cdc) >= end, "the slot to move to the end")


def test_half_a_transaction_is_not_safe(opened: Opened, superuser: psycopg.Connection, cdc: CdcSettings) -> None:
    reader = opened(batch_size=1)  # a larger batch may come in pieces
    before = written(superuser)
    commit(1, 2, 3)
    after = written(superuser)
    assert len(read(reader, 2)) == 2
    told(reader, superuser, cdc)
    assert confirmed(superuser, cdc) <= before
    assert len(read(reader, 1)) == 1
    until(lambda: not reader.poll(0.05) and confirmed(superuser, cdc) >= after, "the slot to move")


def test_what_others_write_is_let_go_of_while_nothing_is_outstanding(
    opened: Opened, superuser: psycopg.Connection, cdc: CdcSettings
) -> None:
    reader = opened()
    for _ in range(2):
        superuser.execute("CREATE TEMPORARY TABLE busy AS SELECT generate_series(1, 10000); DROP TABLE busy")
        superuser.execute("SELECT pg_logical_emit_message(false, 'busy', repeat('x', 1000000))")
        end = written(superuser)
        until(lambda end=end: not reader.poll(0.05) and confirmed(superuser, cdc) >= end, "the slot to move")


def test_a_server_that_asks_whether_we_live_is_answered(opened: Opened) -> None:
    """It asks after half of its timeout; busy readers don't listen, they tell."""
    reader = opened(told="SET wal_sender_timeout = '600ms'")
    for _ in range(15):
        reader.poll(0.1)
    for _ in range(15):
        threading.Event().wait(0.1)
        reader.stay_alive()
    commit(1)
    assert read(reader, 1) == payloads()


def test_a_reader_that_says_nothing_is_taken_for_dead(opened: Opened) -> None:
    """So the test above would fail if it said nothing."""
    reader = opened(told="SET wal_sender_timeout = '300ms'")
    with pytest.raises(CaptureUnavailable):
        until(lambda: threading.Event().wait(1) or reader.poll(0.1), "the end")


def test_a_walsender_that_is_terminated_is_an_outage_and_takes_the_slot_with_it(
    opened: Opened, superuser: psycopg.Connection, cdc: CdcSettings
) -> None:
    reader = opened()
    state = "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = %s"
    superuser.execute(state, [cdc.slot])
    with pytest.raises(CaptureUnavailable, match="terminating connection"):
        until(lambda: reader.poll(0.1), "the end")
    until(lambda: superuser.execute(state, [cdc.slot]).fetchall() == [], "the slot to be gone")


def test_a_slot_that_is_not_there_is_an_outage(opened: Opened, cdc: CdcSettings) -> None:
    with pytest.raises(CaptureUnavailable, match=f'"{cdc.slot}" does not exist'):
        opened(told=f"SELECT pg_drop_replication_slot('{cdc.slot}')")


def test_somebody_else_may_end_the_wait(opened: Opened) -> None:
    reader = opened()
    threading.Timer(0.5, reader.wake).start()
    started = time.monotonic()
    assert reader.poll(20) == []
    assert time.monotonic() - started < 10


def test_a_large_transaction_takes_no_more_memory_than_a_small_one(
    opened: Opened, superuser: psycopg.Connection
) -> None:
    rows, size = 10_000, 10_000
    reader, process = opened(batch_size=500), psutil.Process()
    commit(1)
    read(reader, 1)
    superuser.execute(
        "INSERT INTO strangler_outbox (id, aggregate_type, aggregate_id, type, routing_key, correlation_id, payload) "
        "SELECT gen_random_uuid(), 't', n, 'x', 'x.y', '', repeat('p', %s) FROM generate_series(1, %s) n",
        [size, rows],
    )
    before, most, count = process.memory_info().rss, 0, 0
    while count < rows:
        batch = reader.poll(20)
        assert batch
        assert sum(len(row.body) for row in batch) <= 4 * 1024 * 1024 + size
        most = max(most, process.memory_info().rss)
        count += len(batch)
        reader.done()
    assert most - before < 20 * 1024 * 1024 < rows * size / 4
