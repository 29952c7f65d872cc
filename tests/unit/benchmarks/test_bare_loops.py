"""A limit is one only if it does the whole work: every row confirmed and settled, every message handled once."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Timer
from uuid import uuid4

import psycopg
import pytest

from benchmarks.bare import tables
from benchmarks.bare.confirms import Confirms, connect
from benchmarks.bare.consume import Receiver, step
from benchmarks.bare.decode import read_inserts, stream
from benchmarks.bare.load import insert
from benchmarks.bare.queue import Queue
from benchmarks.bare.receive import id_in
from benchmarks.bare.relay import ROUTING_KEY, relay_batch
from benchmarks.project.filling import fill_bare_outbox, settle
from benchmarks.project.message import body
from strangler.messaging import decode
from strangler.testing.waiting import until
from tests.stack import servers
from tests.support.slots import drop_slot

COUNT = 1500


@pytest.fixture(scope="module")
def database() -> Iterator[psycopg.Connection]:
    server = servers.business()
    name = f"bare{uuid4().hex[:12]}"
    server.ensure_database(name, owner="postgres")
    with server.connect(name) as connection:
        tables.create(connection, "postgres")
        connection.execute("CREATE TABLE bench_stock (sku text PRIMARY KEY, moved int NOT NULL)")
        connection.execute("INSERT INTO bench_stock VALUES ('sku-0', 0), ('sku-1', 0)")
        yield connection


@pytest.fixture
def queue() -> Iterator[Queue]:
    servers.require_rabbitmq()
    url, name = servers.rabbitmq().url, f"bare{uuid4().hex[:12]}"
    connection = connect(url)
    channel = connection.channel()
    channel.exchange_declare(name, "topic", durable=True, auto_delete=False)
    channel.queue_declare(name, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"})
    channel.queue_bind(name, name, ROUTING_KEY)
    yield Queue(url, name, name)
    channel.queue_delete(name)
    connection.close()


def bodies(queue: Queue) -> list[bytes]:
    connection = connect(servers.rabbitmq().url)
    channel = connection.channel()
    found = []
    while (message := channel.basic_get(queue.name, no_ack=True)) is not None:
        found.append(message.body.encode() if isinstance(message.body, str) else bytes(message.body))
    connection.close()
    return found


def test_the_bare_relay_carries_every_row_once_and_settles_it(database: psycopg.Connection, queue: Queue) -> None:
    fill_bare_outbox(database, COUNT)
    publisher = Confirms(servers.rabbitmq().url, queue.exchange)
    carried = [relay_batch(database, publisher), relay_batch(database, publisher), relay_batch(database, publisher)]
    publisher.close()
    assert carried == [1000, 500, 0]
    rows = database.execute("SELECT id::text, payload FROM bare_outbox WHERE relayed_at IS NOT NULL").fetchall()
    assert len(rows) == COUNT
    assert sorted(bodies(queue)) == sorted(payload.encode() for _, payload in rows)


def test_the_bare_relay_settles_nothing_that_no_queue_takes(database: psycopg.Connection, queue: Queue) -> None:
    fill_bare_outbox(database, 10)
    connect(servers.rabbitmq().url).channel().queue_unbind(queue.name, queue.exchange, ROUTING_KEY)
    with pytest.raises(RuntimeError, match="no queue took it"):
        relay_batch(database, Confirms(servers.rabbitmq().url, queue.exchange))
    assert database.execute("SELECT count(*) FROM bare_outbox WHERE relayed_at IS NULL").fetchone() == (10,)


def test_the_bare_consumer_takes_each_message_to_effect_once(database: psycopg.Connection, queue: Queue) -> None:
    twice = [body(f"sku-{n % 2}") for n in range(150)] * 2
    queue.fill(twice, ROUTING_KEY)
    receiver = Receiver(servers.rabbitmq().url, queue.name)
    handled = 0
    while handled < len(twice):
        handled += step(receiver, database)
    assert database.execute("SELECT sum(moved) FROM bench_stock").fetchone() == (150,)
    assert database.execute("SELECT count(*) FROM bare_inbox").fetchone() == (150,)
    assert queue.count() == 0


def test_an_emptied_queue_stays_empty_although_its_last_consumer_dies_with_messages_in_hand(queue: Queue) -> None:
    """A contender of the round before would be counted to the next one's credit, or to its blame."""
    queue.fill([body("sku-0")] * 50, ROUTING_KEY)
    receiver = Receiver(servers.rabbitmq().url, queue.name)
    assert len(receiver.take(50)) == 50
    death = Timer(1.0, receiver.close)
    death.start()
    queue.empty()
    death.join()
    with pytest.raises(AssertionError, match="in vain"):
        until(lambda: queue.count() or bodies(queue), "anything to come back", seconds=3)


def test_the_bare_decoder_sees_each_insert_in_the_log(database: psycopg.Connection) -> None:
    name = database.info.dbname
    database.execute("CREATE PUBLICATION bare FOR TABLE bare_outbox WITH (publish = 'insert')")
    database.execute("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", [name])
    fill_bare_outbox(database, 50)
    log = stream(servers.business().url(name), name, "bare")
    try:
        read_inserts(log, 50)
        database.execute("INSERT INTO bare_outbox (id, payload) VALUES (%s, 'the last')", [uuid4()])
        assert b"the last" in _next_insert(log)
    finally:
        log.finish()
        drop_slot(database, name)


def _next_insert(log: psycopg.pq.abc.PGconn) -> bytes:
    while bytes(message := log.get_copy_data(0)[1])[25:26] != b"I":
        assert message
    return bytes(message)


def test_a_message_of_the_backlog_is_one_the_kit_would_have_written() -> None:
    raw = body("sku-7")
    envelope = decode(raw)
    assert (envelope.type, envelope.partitionkey) == ("bench.stock_moved.v1", "bench.stock:sku-7")
    assert id_in(raw) == str(envelope.id)


def test_a_row_at_a_pace_is_committed_with_its_own_id(database: psycopg.Connection) -> None:
    id = uuid4()
    insert(database, id, "sku-1")
    settle(database, "bare_outbox")
    (payload,) = database.execute("SELECT payload FROM bare_outbox WHERE id = %s", [id]).fetchone() or ("",)
    assert decode(payload).id == id
