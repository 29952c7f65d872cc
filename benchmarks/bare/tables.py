"""The tables of the bare loops: what an outbox and an inbox cannot do without."""

from __future__ import annotations

from psycopg import Connection

CREATE = """
    CREATE TABLE IF NOT EXISTS bare_outbox (
        id uuid PRIMARY KEY, position bigserial, payload text NOT NULL, relayed_at timestamptz);
    CREATE INDEX IF NOT EXISTS bare_outbox_pending ON bare_outbox (position) WHERE relayed_at IS NULL;
    CREATE TABLE IF NOT EXISTS bare_inbox (
        message_id uuid PRIMARY KEY, handled_at timestamptz NOT NULL DEFAULT clock_timestamp());
"""


def create(connection: Connection, owner: str) -> None:
    connection.execute(CREATE)
    for table in ("bare_outbox", "bare_inbox"):
        connection.execute(f"ALTER TABLE {table} OWNER TO {owner}")
