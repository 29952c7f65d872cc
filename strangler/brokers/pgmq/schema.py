"""PGMQ's own tables and functions, and one queue with its bindings."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import sql

from strangler.brokers.pgmq.session import Connection
from strangler.errors import ConfigurationError

# From the tables of the catalogue: to_regclass() may answer from a cache that predates the wait for the lock.
_INSTALLED = """
SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = 'pgmq' AND tablename = 'meta'),
       EXISTS (SELECT FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
               WHERE nspname = 'pgmq' AND proname = 'bind_topic')
"""
_ROUTED = """
SELECT routing_key FROM unnest(%(routing_keys)s::text[]) AS asked (routing_key)
WHERE %(queue)s IN (SELECT queue_name FROM pgmq.test_routing(routing_key))
"""
# A queue is nearly empty and wholly rewritten all the time: the usual "a fifth of the table" comes far too late.
_AUTOVACUUM = sql.SQL(
    "ALTER TABLE pgmq.{} SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, "
    "autovacuum_vacuum_cost_delay = 0, autovacuum_vacuum_insert_threshold = -1, fillfactor = 70)"
)


def install(connection: Connection) -> None:
    """Install PGMQ unless it is there, as an extension or as plain SQL. Raises `ConfigurationError`."""
    if _is_installed(connection):
        return
    script = _script()
    with connection.transaction():
        _lock(connection, "install")
        if not _is_installed(connection):
            connection.execute(script)


def create_queue(connection: Connection, queue: str) -> None:
    if connection.execute("SELECT 1 FROM pgmq.meta WHERE queue_name = %s", [queue]).fetchone():
        return
    with connection.transaction():
        connection.execute("SELECT pgmq.create(%s)", [queue])  # takes a lock of its own
        connection.execute(_AUTOVACUUM.format(sql.Identifier(f"q_{queue}")))


def bind(connection: Connection, queue: str, patterns: Sequence[str]) -> None:
    """Make the queue's bindings exactly these."""
    with connection.transaction():
        _lock(connection, queue)
        rows = connection.execute("SELECT pattern FROM pgmq.list_topic_bindings(%s)", [queue]).fetchall()
        bound = {str(pattern) for (pattern,) in rows}
        for pattern in sorted(set(patterns) - bound):
            connection.execute("SELECT pgmq.bind_topic(%s, %s)", [pattern, queue])
        for pattern in sorted(bound - set(patterns)):
            connection.execute("SELECT pgmq.unbind_topic(%s, %s)", [pattern, queue])


def routed(connection: Connection, queue: str, routing_keys: Sequence[str]) -> list[str]:
    """Those that PGMQ would put into the queue."""
    if not _is_installed(connection):
        return []
    rows = connection.execute(_ROUTED, {"queue": queue, "routing_keys": list(routing_keys)}).fetchall()
    return [str(routing_key) for (routing_key,) in rows]


def length(connection: Connection, queue: str) -> int:
    """Messages that nobody has acknowledged, those in a consumer's hands included; 0 where there is no such queue."""
    table = sql.Identifier("pgmq", f"q_{queue}")
    (there,) = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [table.as_string(connection)]).fetchall()[0]
    if not there:
        return 0
    (count,) = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(table)).fetchall()[0]
    return int(count)


def _is_installed(connection: Connection) -> bool:
    tables, topics = connection.execute(_INSTALLED).fetchall()[0]
    if tables and not topics:
        raise ConfigurationError(
            'the PGMQ in the database of STRANGLER["BROKER_URL"] has no topics: update it to 1.11 or later '
            "(ALTER EXTENSION pgmq UPDATE)"
        )
    return bool(tables)


def _script() -> str:
    try:
        from pgmq.install import get_embedded_install_sql
    except ImportError as error:
        raise ConfigurationError(
            'PGMQ is not in the database of STRANGLER["BROKER_URL"] yet: install its SQL with '
            '`pip install "django-strangler[pgmq]"`, or have an administrator run CREATE EXTENSION pgmq there'
        ) from error
    return str(get_embedded_install_sql())


def _lock(connection: Connection, what: str) -> None:
    """Until the end of the transaction: consumers that start at the same moment take turns."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('strangler.pgmq.declare.' || %s, 0))", [what])
