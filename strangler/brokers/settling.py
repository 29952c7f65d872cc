"""Book-keeping of one batch: what was confirmed, what refused, and which keys wait behind a refused message."""

from __future__ import annotations

from uuid import UUID

from strangler.brokers.base import OutgoingMessage, Receipt


class Settling:
    def __init__(self) -> None:
        self._confirmed: list[UUID] = []
        self._refused: dict[UUID, str] = {}
        self._stuck_keys: set[str] = set()

    def holds_back(self, message: OutgoingMessage) -> bool:
        return message.key in self._stuck_keys

    def confirm(self, message: OutgoingMessage) -> None:
        self._confirmed.append(message.id)

    def refuse(self, message: OutgoingMessage, reason: str) -> None:
        self._refused[message.id] = reason
        self._stuck_keys.add(message.key)

    def receipt(self) -> Receipt:
        return Receipt(self._confirmed, self._refused)


def unroutable(routing_key: str) -> str:
    return (
        f"no queue takes the routing key {routing_key!r}: no consumer group has declared it on this exchange yet "
        "(starting its consumer does)"
    )
