"""The contents of `cdc/`: what the code does and tells Debezium, for people who set up a database by hand."""

from __future__ import annotations

from psycopg.sql import SQL, Composable, Identifier, Literal

from strangler.conf import CdcSettings
from strangler.relay.debezium import config, hosts
from strangler.relay.debezium.rendering import connector_json, properties_text
from strangler.relay.log import sql
from strangler.relay.log.source import Source

_DATABASE = SQL(':"DBNAME"')  # psql's own variable
_PASSWORD = SQL(":'password'")
_RABBIT = hosts.Rabbit("${RABBITMQ_HOST}", "${RABBITMQ_PORT}", "${RABBITMQ_USER}", "${RABBITMQ_VHOST}")


def generated(
    cdc: CdcSettings, *, role: str = "strangler_cdc", batch_size: int = 500, exchange: str = "events"
) -> dict[str, str]:
    """Path below `cdc/` and text of each file, with placeholders where a deployment has its secrets."""
    user = Identifier(role)
    table = Identifier("public", sql.TABLE)
    create_role = sql.CREATE_ROLE.format(role=user, password=_PASSWORD)
    grant = sql.GRANT_CONNECT.format(database=_DATABASE, role=user)
    publication = sql.CREATE_PUBLICATION.format(publication=Identifier(cdc.publication), table=table)
    slot = sql.CREATE_SLOT.format(slot=Literal(cdc.slot))
    drop_slot = sql.DROP_SLOT.format(slot=Literal(cdc.slot))
    drop_publication = sql.DROP_PUBLICATION.format(publication=Identifier(cdc.publication))
    return {
        "sql/role.sql": _script("A superuser: psql -v password=... -f role.sql", create_role, grant),
        "sql/publication.sql": _script("The owner of the outbox, with CREATE on the database", publication),
        "sql/slot.sql": _script(f"{role}; not for RELAY=stream or debezium, which make their own for each run", slot),
        "sql/remove.sql": _script(
            "Everything back; an unused slot keeps log until the disk is full", drop_slot, drop_publication
        ),
        "debezium/embedded.properties": _embedded(cdc, batch_size),
        "debezium/server.properties": properties_text(
            "Debezium Server, to RabbitMQ", hosts.server(cdc, _source("${%s}"), _RABBIT, exchange=exchange)
        ),
        "debezium/connect.json": connector_json(cdc, hosts.connect(cdc, _source("${env:%s}"), exchange=exchange)),
    }


def _source(placeholder: str) -> Source:
    names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "DATABASE"}
    return Source(**{name: placeholder % f"CDC_{variable}" for name, variable in names.items()}, tls={})


def _script(title: str, *statements: Composable) -> str:
    return f"-- {title}\n" + "".join(f"{sql.text(statement)}\n" for statement in statements)


def _embedded(cdc: CdcSettings, batch_size: int) -> str:
    shared = config.shared(cdc, _source("${%s}"))
    whole = config.embedded(cdc, _source("${%s}"), batch_size=batch_size)
    kept = {name: value for name, value in whole.items() if shared.get(name) == value}
    added = {name: value for name, value in whole.items() if name not in kept}
    return properties_text("The connector, in every host", kept) + "\n" + properties_text("The embedded engine", added)
