"""An outbox-like table and what a Debezium, wherever it runs, is told to carry its rows."""

from __future__ import annotations

import uuid
from urllib.parse import urlsplit

from devstack.postgres import EmbeddedPostgres

DATABASE = "captured"


def make_table(postgres: EmbeddedPostgres) -> None:
    postgres.ensure_database(DATABASE, owner="postgres")
    with postgres.connect(DATABASE) as connection:
        connection.execute("CREATE TABLE outbox (id uuid PRIMARY KEY, aggregate_id text, topic text, payload text)")
        connection.execute("CREATE PUBLICATION captured FOR TABLE outbox")


def insert(postgres: EmbeddedPostgres, payload: str) -> None:
    with postgres.connect(DATABASE) as connection:
        connection.execute("INSERT INTO outbox VALUES (%s, 'o-1', 'orders', %s)", [uuid.uuid4(), payload])


def variables(postgres: EmbeddedPostgres) -> dict[str, str]:
    """What the configuration names instead of the password."""
    return {"CDC_PASSWORD": urlsplit(postgres.url()).password or ""}


def source(postgres: EmbeddedPostgres, *, password: str, slot: str) -> dict[str, str]:
    where = urlsplit(postgres.url())
    return {
        "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
        "topic.prefix": slot,
        "database.hostname": str(where.hostname),
        "database.port": str(where.port),
        "database.user": str(where.username),
        "database.password": password,
        "database.dbname": DATABASE,
        "plugin.name": "pgoutput",
        "slot.name": slot,
        "publication.name": DATABASE,
        "publication.autocreate.mode": "disabled",
        "snapshot.mode": "no_data",
        "table.include.list": "public.outbox",
        "poll.interval.ms": "10",
    }


def router() -> dict[str, str]:
    return {
        "transforms": "outbox",
        "transforms.outbox.type": "io.debezium.transforms.outbox.EventRouter",
        "transforms.outbox.table.field.event.key": "aggregate_id",
        "transforms.outbox.route.by.field": "topic",
        "transforms.outbox.route.topic.replacement": "$1",
    }
