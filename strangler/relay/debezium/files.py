"""The contents of `cdc/`: what the code does and tells Debezium, for people who set up a database by hand."""

from __future__ import annotations

from psycopg.sql import SQL, Composable, Identifier, Literal

from strangler.conf import DebeziumSettings
from strangler.relay.debezium import config, hosts, sql
from strangler.relay.debezium.rendering import connector_json, properties_text
from strangler.relay.debezium.source import Source

_DATABASE = SQL(':"DBNAME"')  # psql's own variable
_PASSWORD = SQL(":'password'")
_RABBIT = hosts.Rabbit("${RABBITMQ_HOST}", "${RABBITMQ_PORT}", "${RABBITMQ_USER}", "${RABBITMQ_VHOST}")


def generated(
    debezium: DebeziumSettings, *, role: str = "strangler_cdc", batch_size: int = 500, exchange: str = "events"
) -> dict[str, str]:
    """Path below `cdc/` and text of each file, with placeholders where a deployment has its secrets."""
    user = Identifier(role)
    table = Identifier("public", config.TABLE)
    create_role = sql.CREATE_ROLE.format(role=user, password=_PASSWORD)
    grant = sql.GRANT_CONNECT.format(database=_DATABASE, role=user)
    publication = sql.CREATE_PUBLICATION.format(publication=Identifier(debezium.publication), table=table)
    slot = sql.CREATE_SLOT.format(slot=Literal(debezium.slot))
    drop_slot = sql.DROP_SLOT.format(slot=Literal(debezium.slot))
    drop_publication = sql.DROP_PUBLICATION.format(publication=Identifier(debezium.publication))
    return {
        "sql/role.sql": _script("A superuser: psql -v password=... -f role.sql", create_role, grant),
        "sql/publication.sql": _script("The owner of the outbox, with CREATE on the database", publication),
        "sql/slot.sql": _script(f"{role}; not for the embedded relay, which makes its own for each run", slot),
        "sql/remove.sql": _script(
            "Everything back; an unused slot keeps log until the disk is full", drop_slot, drop_publication
        ),
        "debezium/embedded.properties": _embedded(debezium, batch_size),
        "debezium/server.properties": properties_text(
            "Debezium Server, to RabbitMQ", hosts.server(debezium, _source("${%s}"), _RABBIT, exchange=exchange)
        ),
        "debezium/connect.json": connector_json(
            debezium, hosts.connect(debezium, _source("${env:%s}"), exchange=exchange)
        ),
    }


def _source(placeholder: str) -> Source:
    names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "DATABASE"}
    return Source(**{name: placeholder % f"CDC_{variable}" for name, variable in names.items()}, tls={})


def _script(title: str, *statements: Composable) -> str:
    return f"-- {title}\n" + "".join(f"{sql.text(statement)}\n" for statement in statements)


def _embedded(debezium: DebeziumSettings, batch_size: int) -> str:
    shared = config.shared(debezium, _source("${%s}"))
    whole = config.embedded(debezium, _source("${%s}"), batch_size=batch_size)
    kept = {name: value for name, value in whole.items() if shared.get(name) == value}
    added = {name: value for name, value in whole.items() if name not in kept}
    return properties_text("The connector, in every host", kept) + "\n" + properties_text("The embedded engine", added)
