"""One batch of the log against the outbox: who carries a row, in which order, and what if the row cannot be seen."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
import pytest
from django.db import connection, connections, transaction
from psycopg.sql import SQL, Literal
from structlog.testing import capture_logs

from strangler.brokers import Broker, OutgoingMessage, Publisher, Receipt, Subscriber, connect
from strangler.errors import BrokerUnavailable
from strangler.messaging import decode
from strangler.outbox import publish_many
from strangler.outbox.models import OutboxMessage
from strangler.outbox.publishing import publish_for
from strangler.relay.log import ledger
from strangler.relay.log.carrying import Stream
from strangler.relay.log.flow import Flow
from strangler.relay.log.ledger import Fate
from strangler.relay.log.reading import Address
from strangler.relay.log.sweeper import Sweeper
from tests.sample.events import StepIgnored, StepTaken
from tests.stack.postgres import server
from tests.support.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)
TAKEN, IGNORED = "sample.step_taken", "sample.step_ignored"


DUE = None


class Row(NamedTuple):
    """As a reader hands it over; with its address, or without, as Debezium's."""

    id: UUID
    body: bytes
    number: int
    address: Address | None = None

    def transaction(self) -> int:
        return self.number % 2**32


class Batches:
    """A reader of what it is given."""

    def __init__(self, batches: Sequence[Sequence[Row]]) -> None:
        self._batches = list(batches)
        self.settled = 0

    def flows(self, timeout: float) -> bool:
        return True

    def poll(self, timeout: float) -> Sequence[Row]:
        return self._batches.pop(0)

    def wake(self) -> None: ...

    def stay_alive(self) -> None: ...

    def done(self) -> None:
        self.settled += 1


class Harness:
    def __init__(self, broker: Broker) -> None:
        self.publisher: Publisher = broker.publisher()
        self.stop = threading.Event()
        self.deferred = 0

    def carry(self, *rows: Row) -> bool:
        """Whether all was settled."""
        return self.carry_batches(rows) == 1

    def carry_batches(self, *batches: Sequence[Row]) -> int:
        """One directly after the other; returns how many of them were settled."""
        stream = Stream(connection, backoff_max=60, on_deferred=self._count, stop=self.stop)
        reader = Batches(batches)
        with Flow(reader, stream, self.publisher, batch_size=100) as flow:
            for _ in batches:
                flow.step(0)
            flow.finish()
        return reader.settled

    def _count(self) -> None:
        self.deferred += 1


@pytest.fixture
def broker() -> Broker:
    return connect(f"memory://{uuid.uuid4()}")


@pytest.fixture
def harness(broker: Broker) -> Harness:
    return Harness(broker)


@pytest.fixture
def subscriber(broker: Broker) -> Iterator[Subscriber]:
    with broker.subscriber("g", [TAKEN], prefetch=1000) as subscriber:
        yield subscriber


def committed(*steps: tuple[str, int], group: str | None = None) -> list[Row]:
    """Told to everybody, or to one group alone."""
    events = [StepTaken(thing=thing, step=step) for thing, step in steps]
    with transaction.atomic(), connection.cursor() as cursor:
        ids = publish_for(group, events, using="default") if group else publish_many(events)
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        (number,) = cursor.fetchone() or (0,)
    payloads = dict(OutboxMessage.objects.values_list("id", "payload"))
    return [Row(id, payloads[id].encode(), number) for id in ids]


@contextmanager
def in_flight(session: psycopg.Connection, thing: str) -> Iterator[tuple[Row, Callable[[], None]]]:
    """A row in a transaction that the log would show as committed already; call the second to commit it."""
    (row,) = committed((thing, 0))
    columns = "id, aggregate_type, aggregate_id, type, routing_key, correlation_id, payload"
    delete, insert = (
        SQL("DELETE FROM strangler_outbox RETURNING {}"),
        SQL("INSERT INTO strangler_outbox ({}) VALUES ({})"),
    )
    (values,) = session.execute(delete.format(SQL(columns))).fetchall()
    session.execute("BEGIN")
    session.execute(insert.format(SQL(columns), SQL(", ").join(map(Literal, values))))
    (number,) = session.execute("SELECT pg_current_xact_id()::text::bigint").fetchall()[0]
    yield row._replace(number=number), session.commit
    session.rollback()


def arrived(subscriber: Subscriber) -> list[tuple[str, int]]:
    envelopes = [decode(delivery.body) for delivery in subscriber.receive(timeout=0.05)]
    return [(envelope.data["thing"], envelope.data["step"]) for envelope in envelopes]


def fates(*rows: Row) -> list[Fate | None]:
    with connection.cursor() as cursor:
        fates = ledger.look_up(cursor, [row.id for row in rows])
    return [fates.get(row.id) for row in rows]


def test_what_is_due_is_published_byte_for_byte_and_settled(harness: Harness, subscriber: Subscriber) -> None:
    rows = committed(("Łódź \u2028 \t", 0))
    assert harness.carry(*rows)
    assert [delivery.body for delivery in subscriber.receive(timeout=0.05)] == [rows[0].body]
    assert OutboxMessage.objects.get().relayed_at is not None


def test_what_is_relayed_already_is_skipped(harness: Harness, subscriber: Subscriber) -> None:
    rows = committed(("a", 0), ("a", 1))
    harness.carry(*rows)
    harness.carry(*rows)
    assert arrived(subscriber) == [("a", 0), ("a", 1)]


def test_a_row_waits_behind_an_earlier_one_of_its_key_that_the_batch_does_not_bring(
    harness: Harness, subscriber: Subscriber
) -> None:
    committed(("a", 0))
    later = committed(("a", 1), ("b", 0))
    assert fates(*later) == [Fate.BLOCKED, DUE]
    harness.carry(*later)
    assert arrived(subscriber) == [("b", 0)]
    assert OutboxMessage.objects.get(id=later[0].id).retry_at is not None
    assert harness.deferred == 1


def test_what_is_the_sweepers_is_left_to_it_and_so_is_all_behind_it(harness: Harness, subscriber: Subscriber) -> None:
    rows = committed(("a", 0), ("a", 1), ("b", 0), ("a", 2))
    with connection.cursor() as cursor:
        ledger.defer(cursor, [rows[0].id])
    assert fates(*rows) == [Fate.SWEEPERS, Fate.BLOCKED, DUE, Fate.BLOCKED]
    harness.carry(*rows)
    assert arrived(subscriber) == [("b", 0)]


def test_a_refused_row_and_what_was_held_back_behind_it_become_the_sweepers(
    harness: Harness, broker: Broker, subscriber: Subscriber
) -> None:
    with transaction.atomic():
        publish_many([StepIgnored(thing="a", step=0)])
    ignored = OutboxMessage.objects.get()
    rows = [Row(ignored.id, ignored.payload.encode(), 0), *committed(("a", 1), ("b", 0))]
    harness.carry(*rows)
    assert arrived(subscriber) == [("b", 0)]
    assert set(OutboxMessage.objects.filter(retry_at=None).values_list("id", flat=True)) == {rows[2].id}
    assert "no queue takes" in OutboxMessage.objects.get(id=ignored.id).last_error


def test_a_batch_goes_out_behind_the_one_under_way(harness: Harness, subscriber: Subscriber) -> None:
    """Its predecessors are pending still, and no reason to wait."""
    first, second = committed(("a", 0), ("b", 0)), committed(("a", 1), ("b", 1))
    assert harness.carry_batches(first, second) == 2
    assert arrived(subscriber) == [("a", 0), ("b", 0), ("a", 1), ("b", 1)]
    assert not OutboxMessage.objects.filter(relayed_at=None).exists()
    assert harness.deferred == 0


def test_what_is_refused_of_the_batch_under_way_holds_back_its_key_in_the_next(
    harness: Harness, subscriber: Subscriber
) -> None:
    with transaction.atomic():
        publish_many([StepIgnored(thing="a", step=0)])
    ignored = OutboxMessage.objects.get()
    next_batch = committed(("a", 1), ("b", 0))
    assert harness.carry_batches([Row(ignored.id, ignored.payload.encode(), 0)], next_batch) == 2
    assert arrived(subscriber) == [("b", 0)]
    waiting = OutboxMessage.objects.filter(relayed_at=None, retry_at__isnull=False)
    assert set(waiting.values_list("id", flat=True)) == {ignored.id, next_batch[0].id}


def test_what_is_blocked_in_the_batch_under_way_blocks_its_key_in_the_next(
    harness: Harness, subscriber: Subscriber
) -> None:
    committed(("a", 0))  # somebody else's
    assert harness.carry_batches(committed(("a", 1)), committed(("a", 2), ("b", 0))) == 2
    assert arrived(subscriber) == [("b", 0)]


def test_a_batch_that_cannot_be_seen_yet_waits_until_the_one_under_way_is_settled(
    harness: Harness, subscriber: Subscriber, superuser: psycopg.Connection
) -> None:
    with in_flight(superuser, "b") as (row, commit):
        result = Background(lambda: harness.carry_batches(committed(("a", 0)), [row, *committed(("c", 0))]))
        until(lambda: OutboxMessage.objects.exclude(relayed_at=None).exists(), "the first batch to be settled")
        assert result.running()
        commit()
        assert result.wait() == 2
    assert arrived(subscriber) == [("a", 0), ("b", 0), ("c", 0)]


def test_a_row_goes_where_its_columns_say_whether_the_reader_brings_them_or_not(
    harness: Harness, broker: Broker
) -> None:
    rows = committed(("a", 0), ("a", 1))
    elsewhere = Address("other.topic", IGNORED, "z")
    with broker.subscriber("elsewhere", [IGNORED], prefetch=10) as other:
        harness.carry(rows[0]._replace(address=elsewhere))
        assert [delivery.body for delivery in other.receive(timeout=0.05)] == [rows[0].body]


def test_the_sweeper_carries_in_order_what_it_was_given(
    harness: Harness, broker: Broker, subscriber: Subscriber
) -> None:
    rows = committed(("a", 0), ("a", 1), ("a", 2))
    with connection.cursor() as cursor:
        ledger.defer(cursor, [row.id for row in rows])
    with sweeping(broker):
        until(lambda: not OutboxMessage.objects.filter(relayed_at=None).exists(), "the sweeper")
    assert arrived(subscriber) == [("a", 0), ("a", 1), ("a", 2)]


def test_the_sweeper_carries_what_the_log_never_brought(broker: Broker, subscriber: Subscriber) -> None:
    committed(("a", 0))
    OutboxMessage.objects.update(created_at="2020-01-01T00:00:00Z")
    with sweeping(broker) as sweeper:
        until(lambda: not OutboxMessage.objects.filter(relayed_at=None).exists(), "the sweeper")
        assert [sweeper.check(), sweeper.check()] == [True, False]
    assert arrived(subscriber) == [("a", 0)]


def test_the_sweeper_leaves_fresh_rows_to_the_stream(broker: Broker, subscriber: Subscriber) -> None:
    (row, *_) = committed(("fresh", 0))
    overdue = committed(("overdue", 0))
    OutboxMessage.objects.filter(id=overdue[0].id).update(created_at="2020-01-01T00:00:00Z")
    with sweeping(broker):
        until(lambda: OutboxMessage.objects.exclude(relayed_at=None).exists(), "the sweeper")
    assert arrived(subscriber) == [("overdue", 0)]
    assert fates(row) == [DUE]


def sweeping(broker: Broker) -> Sweeper:
    return Sweeper(broker, using="default", batch_size=2, interval=0.05, backoff_max=1)


def test_a_failed_sweeper_is_noticed(broker: Broker) -> None:
    class Broken(Exception): ...

    class BrokenBroker:
        def publisher(self) -> Publisher:
            raise Broken

    with sweeping(BrokenBroker()) as sweeper, pytest.raises(Broken):  # type: ignore[arg-type]
        until(sweeper.check, "the error")


def test_what_is_left_after_a_drain_becomes_the_sweepers_but_not_what_somebody_holds_locked() -> None:
    held, free = committed(("a", 0), ("b", 0))
    with server().connect(str(connection.settings_dict["NAME"])) as other, other.transaction():
        other.execute("SELECT 1 FROM strangler_outbox WHERE id = %s FOR UPDATE", [held.id])
        with connection.cursor() as cursor:
            ledger.adopt(cursor)
        assert fates(held, free) == [DUE, Fate.SWEEPERS]


def test_a_row_whose_commit_is_not_visible_yet_is_waited_for(
    harness: Harness, subscriber: Subscriber, superuser: psycopg.Connection
) -> None:
    with in_flight(superuser, "a") as (row, commit):
        result = Background(lambda: harness.carry(row))
        assert arrived(subscriber) == []
        assert result.running()
        commit()
        assert result.wait() is True
    assert arrived(subscriber) == [("a", 0)]
    assert OutboxMessage.objects.get().relayed_at is not None


def test_a_stop_ends_the_wait_for_a_commit_and_the_batch_stays_undone(
    harness: Harness, subscriber: Subscriber, superuser: psycopg.Connection
) -> None:
    with in_flight(superuser, "a") as (row, _):
        result = Background(lambda: harness.carry(row))
        harness.stop.set()
        assert result.wait() is False
    assert arrived(subscriber) == []


def test_a_row_deleted_before_it_was_carried_is_published_from_the_log(
    harness: Harness, subscriber: Subscriber
) -> None:
    rows = committed(("a", 0), ("a", 1))
    OutboxMessage.objects.filter(id=rows[0].id).delete()
    with capture_logs() as logs:
        assert harness.carry(*rows)
    assert arrived(subscriber) == [("a", 0), ("a", 1)]
    assert [entry["event"] for entry in logs] == ["outbox_row_is_gone"]


def test_a_deleted_row_that_was_told_to_one_group_reaches_that_group_alone(harness: Harness, broker: Broker) -> None:
    again = f"{TAKEN}.backfill.copies"
    broker.declare("copies", [again])
    broker.declare("others", [TAKEN])
    rows = committed(("a", 0), group="copies")
    OutboxMessage.objects.all().delete()
    assert harness.carry(*rows)
    assert (broker.backlog("copies", [again]), broker.backlog("others", [TAKEN])) == (1, 0)


def test_a_deleted_row_that_is_no_envelope_is_named_and_holds_up_nothing(
    harness: Harness, subscriber: Subscriber
) -> None:
    rows = committed(("a", 0))
    gone = Row(uuid.uuid4(), b"not an envelope", rows[0].number)
    with capture_logs() as logs:
        assert harness.carry(gone, *rows)
    assert arrived(subscriber) == [("a", 0)]
    assert {"message_dropped": str(gone.id)}.items() <= {entry["event"]: entry["message_id"] for entry in logs}.items()


def test_a_broken_broker_leaves_the_batch_pending(harness: Harness, subscriber: Subscriber) -> None:
    class Away:
        def publish(self, messages: Sequence[OutgoingMessage]) -> Receipt:
            raise BrokerUnavailable("away")

    rows = committed(("a", 0))
    harness.publisher = Away()  # type: ignore[assignment]
    with pytest.raises(BrokerUnavailable):
        harness.carry(*rows)
    assert fates(*rows) == [DUE]


def test_a_transactions_number_is_known_by_its_lower_half(superuser: psycopg.Connection) -> None:
    """Against the newest number there is: what ended is visible, what is to come is not."""
    (newest,) = superuser.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint").fetchall()[0]
    with connection.cursor() as cursor:
        assert not ledger.in_progress(cursor, [newest - 1])
        assert ledger.in_progress(cursor, [newest + 1000])


class Background:
    """A call in a thread of its own, with its own database connection closed at the end."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self._result: list[Any] = []
        self._thread = threading.Thread(target=self._run, args=[call], daemon=True)
        self._thread.start()

    def _run(self, call: Callable[[], Any]) -> None:
        try:
            self._result.append(call())
        finally:
            connections.close_all()

    def running(self) -> bool:
        self._thread.join(timeout=0.2)
        return self._thread.is_alive()

    def wait(self) -> Any:
        self._thread.join(timeout=10)
        assert self._result, "the call did not end"
        return self._result[0]
