"""Every statement that change data capture needs of a database, in one place: the code runs it, `cdc/sql` shows it."""

from __future__ import annotations

from psycopg import sql

TABLE = "strangler_outbox"
HEARTBEAT_MESSAGE = "strangler-heartbeat"
"""Prefix of what is written to the log only to see it come by."""

CREATE_ROLE = sql.SQL("CREATE ROLE {role} LOGIN REPLICATION PASSWORD {password}")
ALTER_ROLE = sql.SQL("ALTER ROLE {role} LOGIN REPLICATION PASSWORD {password}")
GRANT_CONNECT = sql.SQL("GRANT CONNECT ON DATABASE {database} TO {role}")
GRANT_STATISTICS = sql.SQL("GRANT pg_read_all_stats TO {role}")
CREATE_PUBLICATION = sql.SQL("CREATE PUBLICATION {publication} FOR TABLE {table} WITH (publish = 'insert')")
CREATE_PUBLICATION_OF_CHANGES = sql.SQL(
    "CREATE PUBLICATION {publication} FOR TABLE {table} WITH (publish_via_partition_root = true)"
)
PUBLISH_TABLE = sql.SQL("ALTER PUBLICATION {publication} ADD TABLE {table}")
SET_TABLE = sql.SQL("ALTER PUBLICATION {publication} SET TABLE {table}")
PUBLISH_INSERTS = sql.SQL("ALTER PUBLICATION {publication} SET (publish = 'insert')")
DROP_PUBLICATION = sql.SQL("DROP PUBLICATION {publication}")
CREATE_SLOT = sql.SQL("SELECT pg_create_logical_replication_slot({slot}, 'pgoutput')")
CREATE_TEMPORARY_SLOT = sql.SQL("SELECT pg_create_logical_replication_slot({slot}, 'pgoutput', true)")
DROP_SLOT = sql.SQL("SELECT pg_drop_replication_slot({slot})")
START_REPLICATION = sql.SQL(
    "START_REPLICATION SLOT {slot} LOGICAL 0/0 (proto_version '1', publication_names {publications})"
)


def text(statement: sql.Composable) -> str:
    """For a person to run in psql."""
    return f"{statement.as_string(None)};"
