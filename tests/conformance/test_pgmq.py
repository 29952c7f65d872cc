"""What only PGMQ has: an installation, tables that others can see, and visibility timeouts."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from strangler.brokers import Broker, connect
from strangler.brokers.pgmq import publisher as publisher_module
from strangler.brokers.pgmq import subscriber as subscriber_module
from strangler.errors import BrokerUnavailable, ConfigurationError
from strangler.testing.traffic import NOBODYS, PAID, PATIENCE, PLACED, bodies_of, contents, drain, message, receive
from tests.stack import servers


@pytest.fixture
def exchange() -> str:
    return f"pgmq-{uuid4().hex[:8]}"


@pytest.fixture
def broker(pgmq_url: str, exchange: str) -> Broker:
    return connect(pgmq_url, exchange=exchange)


@pytest.fixture
def database(pgmq_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(pgmq_url.replace("pgmq://", "postgresql://", 1), autocommit=True) as connection:
        yield connection


@pytest.fixture
def fresh_url(queues_server: servers.Postgres) -> str:
    name = f"fresh_{uuid4().hex[:8]}"
    queues_server.ensure_role("queues")
    queues_server.ensure_database(name, owner="queues")
    return queues_server.url(name, "queues").replace("postgresql://", "pgmq://", 1)


def table(exchange: str) -> sql.Identifier:
    return sql.Identifier("pgmq", f"q_{exchange}.billing")


def test_consumers_that_start_together_on_an_empty_database_install_it_once(fresh_url: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        groups = ["billing", "billing", "shipping", "shipping", "reporting", "billing"]
        list(pool.map(lambda group: connect(fresh_url).declare(group, [PLACED]), groups))
    with connect(fresh_url).subscriber("billing", [PLACED], prefetch=10) as subscriber:
        with connect(fresh_url).publisher() as publisher:
            publisher.publish([sent := message()])
        assert drain(subscriber, 1) == [sent.body]


def test_a_publisher_is_told_to_wait_until_the_first_consumer_has_installed_it(fresh_url: str) -> None:
    with connect(fresh_url).publisher() as publisher:
        with pytest.raises(BrokerUnavailable, match=r"PGMQ is not in the database .* yet: .*consume --declare"):
            publisher.publish([message()])
        connect(fresh_url).declare("billing", [PLACED])
        assert publisher.publish([sent := message()]).confirmed == [sent.id]


def test_a_role_that_may_not_create_anything_is_enough_once_the_queue_is_there(
    fresh_url: str, queues_server: servers.Postgres
) -> None:
    connect(fresh_url).declare("billing", [PLACED])
    queues_server.ensure_role("tenant")
    name = fresh_url.rpartition("/")[2]
    with psycopg.connect(fresh_url.replace("pgmq://", "postgresql://", 1), autocommit=True) as owner:
        owner.execute(f"GRANT CONNECT ON DATABASE {name} TO tenant")
        owner.execute("GRANT USAGE ON SCHEMA pgmq TO tenant")
        owner.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA pgmq TO tenant")
        owner.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA pgmq TO tenant")
    tenant = connect(queues_server.url(name, "tenant").replace("postgresql://", "pgmq://", 1))
    with tenant.subscriber("billing", [PLACED], prefetch=10) as subscriber, tenant.publisher() as publisher:
        publisher.publish([sent := message()])
        assert drain(subscriber, 1) == [sent.body]
    with pytest.raises(ConfigurationError, match="lacks a right"):
        tenant.declare("shipping", [PLACED])


def test_a_routing_key_the_group_no_longer_wants_is_unbound(broker: Broker) -> None:
    broker.declare("billing", [PLACED, PAID])
    broker.declare("billing", [PAID])
    with broker.publisher() as publisher:
        receipt = publisher.publish([dropped := message(1), message(2, key="order:2", routing_key=PAID)])
    assert set(receipt.refused) == {dropped.id}


def test_a_binding_made_by_hand_with_a_wildcard_takes_messages_once(
    broker: Broker, database: psycopg.Connection, exchange: str
) -> None:
    broker.declare("billing", [PLACED])
    database.execute("SELECT pgmq.bind_topic(%s, %s)", [f"{exchange}.#", f"{exchange}.billing"])
    with broker.publisher() as publisher:
        sent = [message(1), message(2, routing_key=NOBODYS)]
        assert not publisher.publish(sent).refused
    assert database.execute("SELECT queue_length FROM pgmq.metrics(%s)", [f"{exchange}.billing"]).fetchone() == (2,)


def test_a_waiting_subscriber_is_told_at_once(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriber_module, "POLL_INTERVAL", 60.0)
    with broker.subscriber("billing", [PLACED], prefetch=10) as subscriber, broker.publisher() as publisher:
        assert subscriber.receive(timeout=0.01) == []
        sender = threading.Timer(0.2, lambda: publisher.publish([message()]))
        sender.start()
        started = time.monotonic()
        assert len(subscriber.receive(timeout=30.0)) == 1
        assert time.monotonic() - started < PATIENCE
        sender.join()


def test_what_is_put_in_with_plain_sql_is_found_without_a_notification(
    broker: Broker, database: psycopg.Connection, exchange: str
) -> None:
    queue = f"{exchange}.billing"
    with broker.subscriber("billing", [PLACED], prefetch=10) as subscriber, broker.publisher() as publisher:
        assert subscriber.receive(timeout=0.01) == []
        with database.transaction():
            database.execute("SELECT pgmq.send(%s, to_jsonb('first'::text))", [queue])
            publish_in_a_thread = threading.Thread(target=publisher.publish, args=[[message(body=b"second")]])
            publish_in_a_thread.start()
            publish_in_a_thread.join()
            assert contents(receive(subscriber, 1)) == [b"second"]
        assert contents(receive(subscriber, 1)) == [b"first"]


def test_publishers_to_one_queue_take_turns_so_that_ids_become_visible_in_order(
    broker: Broker, database: psycopg.Connection, exchange: str
) -> None:
    broker.declare("billing", [PLACED])
    waiting = threading.Thread(target=broker.publisher().publish, args=[[message(2)]])
    arguments = {"routing_keys": [f"{exchange}.{PLACED}"], "keys": ["k"], "bodies": ["1"], "mandatory": [True]}
    with database.transaction():
        database.execute(publisher_module._PUBLISH, arguments)
        waiting.start()
        waiting.join(timeout=0.5)
        assert waiting.is_alive(), "a message with a higher id was committed before one with a lower id"
    waiting.join(timeout=PATIENCE)
    assert not waiting.is_alive()


def test_an_old_transaction_that_keeps_vacuum_away_does_not_slow_reading_down(
    broker: Broker, database: psycopg.Connection, pgmq_url: str, exchange: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriber_module, "POLL_INTERVAL", 60.0)
    fill = "SELECT pgmq.send_batch(%s, ARRAY(SELECT to_jsonb(repeat('x', 1000)) FROM generate_series(1, 20000)))"

    def blocks_touched() -> int:
        for connection in (database, subscriber._connection):
            connection.execute("SELECT pg_stat_force_next_flush()")
        query = "SELECT heap_blks_hit + idx_blks_hit FROM pg_statio_user_tables WHERE relname = %s"
        return database.execute(query, [f"q_{exchange}.billing"]).fetchone()[0]

    with psycopg.connect(pgmq_url.replace("pgmq://", "postgresql://", 1)) as old:
        old.execute("SELECT pg_current_xact_id()")
        with broker.subscriber("billing", [PLACED], prefetch=5000) as subscriber:
            database.execute(fill, [f"{exchange}.billing"])
            drain(subscriber, 20_000)
            database.execute("SELECT pgmq.send(%s, to_jsonb('x'::text))", [f"{exchange}.billing"])
            before = blocks_touched()
            assert len(receive(subscriber, 1)) == 1
            assert blocks_touched() - before < 100


@pytest.mark.parametrize(("body", "why"), [(b'{"name":"\xff"}', "not UTF-8"), (b'{"name":"\0"}', "zero byte")])
def test_a_body_postgresql_cannot_keep_is_refused_and_the_rest_goes_out(broker: Broker, body: bytes, why: str) -> None:
    broker.declare("billing", [PLACED])
    with broker.publisher() as publisher:
        receipt = publisher.publish([bad := message(1, body=body), behind := message(2), good := message(3, key="o:2")])
    assert why in receipt.refused[bad.id]
    assert receipt.confirmed == [good.id]
    assert behind.id not in receipt.refused


def test_a_batch_too_big_for_one_statement_is_still_one_transaction(
    broker: Broker, database: psycopg.Connection, exchange: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher_module, "MAX_STATEMENT", 100)
    with broker.subscriber("billing", [PLACED], prefetch=100) as subscriber, broker.publisher() as publisher:
        sent = [message(number) for number in range(20)]
        sent.insert(10, unroutable := message(99, routing_key=NOBODYS))
        receipt = publisher.publish(sent)
        assert set(receipt.refused) == {unroutable.id}
        transactions = database.execute(sql.SQL("SELECT count(DISTINCT xmin::text) FROM {}").format(table(exchange)))
        assert transactions.fetchone() == (1,)
        assert drain(subscriber, 10) == bodies_of(sent[:10])
