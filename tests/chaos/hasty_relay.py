"""Settings of a shop whose relay is broken: it takes every message for confirmed before the broker has said a word."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import strangler.brokers
from monolith.settings import *  # noqa: F403
from strangler.brokers import Broker, OutgoingMessage, Receipt
from strangler.errors import BrokerUnavailable

_connect = strangler.brokers.connect


class HastyPublisher:
    """Whatever the broker says, or does not live to say, the batch counts as confirmed."""

    def __init__(self, publisher: Any) -> None:
        self._publisher = publisher

    def publish(self, messages: Sequence[OutgoingMessage]) -> Receipt:
        with suppress(BrokerUnavailable):
            self._publisher.publish(messages)
        return Receipt(confirmed=[message.id for message in messages])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._publisher, name)

    def __enter__(self) -> HastyPublisher:
        self._publisher.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._publisher.__exit__(*error)


class HastyBroker:
    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def publisher(self) -> HastyPublisher:
        return HastyPublisher(self._broker.publisher())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._broker, name)


def connect(*arguments: Any, **options: Any) -> HastyBroker:
    return HastyBroker(_connect(*arguments, **options))


strangler.brokers.connect = connect  # type: ignore[assignment]
