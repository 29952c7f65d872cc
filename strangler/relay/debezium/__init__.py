"""The outbox carried by Debezium's PostgreSQL connector, embedded in this process (docs/adr/0003-debezium-relay.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from strangler.relay.debezium.relay import DebeziumRelay

__all__ = ["DebeziumRelay"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from strangler.relay.debezium import relay  # a command that only needs the slot must not pay for the relay

    return getattr(relay, name)
