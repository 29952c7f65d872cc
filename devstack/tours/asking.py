"""What databases are asked at the end of every tour with two sides."""

from collections.abc import Iterable, Mapping
from typing import Any

from devstack.postgres import EmbeddedPostgres

LAST_ORDER = "SELECT coalesce(max(id), 0) FROM orders_order"
ORDERS = "SELECT number, status, cancel_code FROM orders_order WHERE id > %s"
SAGAS = "SELECT status, count(*) FROM strangler_saga GROUP BY status"
_UNDER_WAY = "SELECT count(*) FROM strangler_saga WHERE status NOT IN ('completed', 'compensated')"
_QUEUED = "SELECT queue_name, queue_length FROM pgmq.metrics_all() WHERE queue_length > 0 AND queue_name = ANY(%s)"
_PENDING = "SELECT count(*) FROM strangler_outbox WHERE relayed_at IS NULL"
_PARKED = "SELECT consumer_group, key, type, status, error FROM strangler_parked_message WHERE status <> 'discarded'"


def rows(postgres: EmbeddedPostgres, database: str, query: str, parameters: list[Any] | None = None) -> list[Any]:
    with postgres.connect(database) as connection:
        return connection.execute(query, parameters).fetchall()


def under_way(postgres: EmbeddedPostgres) -> int:
    """Checkouts that are not decided yet."""
    return int(rows(postgres, "shop", _UNDER_WAY)[0][0])


def queued_in_pgmq(postgres: EmbeddedPostgres, groups: Iterable[str]) -> list[str]:
    """What waits for these consumer groups; nobody may be at work on a queue of others."""
    names = [f"events.{group}" for group in groups]
    return [f"{count} messages in {name}" for name, count in rows(postgres, "broker", _QUEUED, [names])]


def leftovers(postgres: EmbeddedPostgres, names: Mapping[str, str]) -> list[str]:
    """What is not relayed yet, not handled yet, or has been given up. `names` of databases, for people."""
    found = []
    for database, name in names.items():
        if pending := rows(postgres, database, _PENDING)[0][0]:
            found.append(f"{pending} events in the outbox of {name} were never relayed")
        for group, key, kind, status, error in rows(postgres, database, _PARKED):
            reason = (error.strip().splitlines() or ["it waits behind another one"])[-1]
            found.append(f"{kind} of {key} is {status} for group {group}: {reason}")
    return found
