"""One grammar of names for all brokers, so that a change of the URL never makes a name invalid."""

from __future__ import annotations

import re
from collections.abc import Sequence

from strangler.errors import ConfigurationError

_EXCHANGE = re.compile(r"[a-z][a-z0-9_-]*")
_GROUP = re.compile(r"[a-z0-9][a-z0-9_.-]*")
_ROUTING_KEY = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
MAX_ROUTING_KEY = 200


def checked_exchange(exchange: str) -> str:
    if not _EXCHANGE.fullmatch(exchange):
        raise ConfigurationError(
            f'STRANGLER["EXCHANGE"] is {exchange!r}: it takes lower-case letters, digits, _ and -, a letter first'
        )
    return exchange


def queue_name(exchange: str, group: str) -> str:
    """`<exchange>.<group>`: the first dot ends the exchange. Raises `ConfigurationError` naming the group."""
    if not _GROUP.fullmatch(group):
        raise ConfigurationError(
            f"consumer group {group!r}: a name takes lower-case letters, digits, _ . and -, a letter or digit first"
        )
    return f"{exchange}.{group}"


def topic_name(exchange: str, aggregate_type: str) -> str:
    """Kafka's: one for each aggregate type."""
    return f"{exchange}.{aggregate_type}"


def is_routing_key(routing_key: str) -> bool:
    return len(routing_key) <= MAX_ROUTING_KEY and _ROUTING_KEY.fullmatch(routing_key) is not None


def bad_routing_key(routing_key: str) -> str:
    return (
        f"routing key {routing_key!r} is not words of letters, digits, _ and - joined by dots, {MAX_ROUTING_KEY} "
        "characters at most"
    )


def checked_routing_keys(group: str, routing_keys: Sequence[str]) -> list[str]:
    """Whole event types only: brokers disagree about what `#` matches. Raises `ConfigurationError`."""
    for routing_key in routing_keys:
        if not is_routing_key(routing_key):
            raise ConfigurationError(f"consumer group {group!r}: {bad_routing_key(routing_key)} (no wildcards)")
    return sorted(set(routing_keys))
