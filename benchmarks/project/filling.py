"""Backlogs by one statement each: the same messages for the kit and for the bare loops."""

from __future__ import annotations

from psycopg import Connection

from benchmarks.project.message import TEMPLATE

SKUS = 1000
_NEW = """
    WITH new AS MATERIALIZED (
        SELECT uuidv7() AS id, 'sku-' || n %% %(skus)s AS sku FROM generate_series(1, %(count)s) n)
"""
_PAYLOAD = "replace(replace(%(template)s, '$ID', id::text), '$SKU', sku)"
_KIT = f"""{_NEW}
    INSERT INTO strangler_outbox (id, aggregate_type, aggregate_id, type, routing_key, correlation_id, payload)
    SELECT id, 'bench.stock', sku, 'bench.stock_moved.v1', 'bench.stock_moved', id::text, {_PAYLOAD} FROM new
"""
_BARE = f"{_NEW} INSERT INTO bare_outbox (id, payload) SELECT id, {_PAYLOAD} FROM new"


def fill_outbox(connection: Connection, count: int, *, skus: int = SKUS) -> None:
    _fill(connection, "strangler_outbox", _KIT, count, skus)


def fill_bare_outbox(connection: Connection, count: int, *, skus: int = SKUS) -> None:
    _fill(connection, "bare_outbox", _BARE, count, skus)


def _fill(connection: Connection, table: str, statement: str, count: int, skus: int) -> None:
    connection.execute(f"TRUNCATE {table}")
    connection.execute(statement, {"count": count, "skus": skus, "template": TEMPLATE})
    settle(connection, table)


def empty_stock(connection: Connection, *, skus: int = SKUS) -> None:
    """Nothing handled, nothing moved."""
    connection.execute("TRUNCATE bench_stock, strangler_inbox, strangler_parked_message, bare_inbox")
    connection.execute("INSERT INTO bench_stock SELECT 'sku-' || n, 0 FROM generate_series(0, %s - 1) n", [skus])
    settle(connection, "bench_stock")


def settle(connection: Connection, table: str) -> None:
    """What PostgreSQL would do in the background some time, done now, so that it is not in anybody's figure."""
    connection.execute(f"VACUUM (ANALYZE) {table}")
    connection.execute("CHECKPOINT")
