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
_REASON = '"reason":"'
assert _REASON in TEMPLATE
_KIT = f"""{_NEW}
    INSERT INTO strangler_outbox (id, aggregate_type, aggregate_id, type, routing_key, correlation_id, payload)
    SELECT id, 'bench.stock', sku, 'bench.stock_moved.v1', 'bench.stock_moved', id::text, {_PAYLOAD} FROM new
"""
_BARE = f"{_NEW} INSERT INTO bare_outbox (id, payload) SELECT id, {_PAYLOAD} FROM new"


def fill_outbox(connection: Connection, count: int, *, keep: bool = False, keys: int = SKUS, padding: int = 0) -> None:
    """Pending events. `keep`: beside what is there, else instead of it. `padding`: bytes that each is longer by."""
    template = TEMPLATE.replace(_REASON, _REASON + "x" * padding)
    _fill(connection, "strangler_outbox", _KIT, count, keep=keep, keys=keys, template=template)


def fill_bare_outbox(connection: Connection, count: int) -> None:
    _fill(connection, "bare_outbox", _BARE, count, keep=False)


def fill_history(connection: Connection, count: int) -> None:
    """That many events which were carried, and that many messages which were handled."""
    fill_outbox(connection, count)
    connection.execute("UPDATE strangler_outbox SET relayed_at = clock_timestamp(), attempts = 1")
    connection.execute("VACUUM (FULL, ANALYZE) strangler_outbox")
    connection.execute(
        "INSERT INTO strangler_inbox (consumer_group, message_id, handled_at) "
        "SELECT 'stock', uuidv7(), clock_timestamp() FROM generate_series(1, %s)",
        [count],
    )
    settle(connection, "strangler_inbox")


def empty_stock(connection: Connection, *, keep: bool = False) -> None:
    """Nothing moved, and nothing handled either unless `keep`."""
    inboxes = "strangler_parked_message, bare_inbox" + ("" if keep else ", strangler_inbox")
    connection.execute(f"TRUNCATE bench_stock, {inboxes}")
    connection.execute("INSERT INTO bench_stock SELECT 'sku-' || n, 0 FROM generate_series(0, %s - 1) n", [SKUS])
    settle(connection, "bench_stock")


def settle(connection: Connection, table: str) -> None:
    """What PostgreSQL would do in the background some time, done now, so that it is not in anybody's figure."""
    connection.execute(f"VACUUM (ANALYZE) {table}")
    connection.execute("CHECKPOINT")


def _fill(
    connection: Connection,
    table: str,
    statement: str,
    count: int,
    *,
    keep: bool,
    keys: int = SKUS,
    template: str = TEMPLATE,
) -> None:
    if not keep:
        connection.execute(f"TRUNCATE {table}")
    connection.execute(statement, {"count": count, "skus": keys, "template": template})
    settle(connection, table)
