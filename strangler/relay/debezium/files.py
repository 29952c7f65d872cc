"""The contents of `cdc/`: what the code does and tells Debezium, for people who set up a database by hand."""

from __future__ import annotations

from psycopg.sql import SQL, Composable, Identifier, Literal

from strangler.conf import DebeziumSettings
from strangler.relay.debezium import config, sql
from strangler.relay.debezium.source import Source

_DATABASE = SQL(':"DBNAME"')  # psql's own variable
_PASSWORD = SQL(":'password'")
_SOURCE = Source(
    host="${CDC_HOST}",
    port="${CDC_PORT}",
    user="${CDC_USER}",
    password="${CDC_PASSWORD}",  # noqa: S106  (a placeholder)
    dbname="${CDC_DATABASE}",
    tls={},
)


def generated(debezium: DebeziumSettings, *, role: str = "strangler_cdc", batch_size: int = 500) -> dict[str, str]:
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
        "debezium/embedded.properties": _properties(debezium, batch_size),
    }


def _script(title: str, *statements: Composable) -> str:
    return f"-- {title}\n" + "".join(f"{sql.text(statement)}\n" for statement in statements)


def _properties(debezium: DebeziumSettings, batch_size: int) -> str:
    shared = config.shared(debezium, _SOURCE)
    whole = config.embedded(debezium, _SOURCE, batch_size=batch_size)
    kept = {name: value for name, value in whole.items() if shared.get(name) == value}
    added = {name: value for name, value in whole.items() if name not in kept}
    return _section("The connector, in every host", kept) + "\n" + _section("The embedded engine", added)


def _section(title: str, properties: config.Properties) -> str:
    return f"# {title}\n" + "".join(f"{name}={value}\n" for name, value in properties.items())
