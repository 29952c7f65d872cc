"""The two ports every broker adapter implements, and the messages that pass through them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any, Protocol, Self, runtime_checkable
from uuid import UUID


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """`key` orders, `routing_key` selects queues in a topic exchange, `topic` names the log in a log-based broker.

    `mandatory` is AMQP's: where no queue takes the message, it is refused; otherwise it counts as delivered.
    """

    id: UUID
    topic: str
    routing_key: str
    key: str
    body: bytes
    mandatory: bool = True


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the broker said of a batch. A message in neither field was held back behind a refused one of its key."""

    confirmed: Sequence[UUID] = ()
    refused: Mapping[UUID, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delivery:
    """`redelivered`: it may have been handed out before, to a consumer that never acknowledged it."""

    body: bytes
    redelivered: bool
    tag: Any


class Closing(Protocol):
    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Publisher(Closing, Protocol):
    def publish(self, messages: Sequence[OutgoingMessage]) -> Receipt:
        """Send a batch and wait until the broker has made each message durable in every queue it belongs to.

        A mandatory message that no queue takes is refused with the reason, never dropped. Where one message is
        refused, no later one of the same `key` in the batch is delivered. Raises `BrokerUnavailable` when the
        connection breaks: then any of the batch may have arrived, and all of it must be sent again.
        """
        ...


class Subscriber(Closing, Protocol):
    """The messages of one consumer group. One instance belongs to one thread.

    Messages of one key arrive in the order in which they were published. Whatever was not acknowledged when a
    subscriber dies comes again, before anything later of the same key and marked `redelivered`.
    """

    def receive(self, timeout: float) -> Sequence[Delivery]:
        """Up to `prefetch` unacknowledged deliveries are out at once; waits at most `timeout` seconds for the first.

        Call it at least every 30 seconds, or a broker may take the subscriber for dead. Raises `BrokerUnavailable`;
        every delivery not yet acknowledged is then void and will come again.
        """
        ...

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        """Forget these for good; void ones are passed over. Raises `BrokerUnavailable`."""
        ...


@runtime_checkable
class Replayable(Protocol):
    """A broker that keeps what was handled: a group can read it again."""

    def rewind(self, group: str, routing_keys: Sequence[str], since: datetime | None) -> int:
        """From that moment on, or from the beginning. Returns how many messages; stop the group's consumers first."""
        ...


class Broker(Protocol):
    def declare(self, group: str, routing_keys: Sequence[str]) -> None:
        """Make the group's durable queue and bind it; idempotent. From then on the group misses nothing."""
        ...

    def backlog(self, group: str, routing_keys: Sequence[str]) -> int:
        """How many messages wait for the group; 0 where it was never declared. Raises `BrokerUnavailable`.

        Those in the hands of a consumer at work may be missing: stop the group's consumers for an exact figure. In a
        log, messages that the group will pass over count until it has.
        """
        ...

    def takes(self, group: str, routing_keys: Sequence[str]) -> frozenset[str]:
        """Those of the keys that the group's queue is bound to; none where it was never declared. Changes nothing.

        For keys that no other group binds: RabbitMQ only tells whether some queue takes a key.
        """
        ...

    def publisher(self) -> Publisher: ...

    def subscriber(self, group: str, routing_keys: Sequence[str], *, prefetch: int) -> Subscriber:
        """Declares first. Of several subscribers to one group, each message is with one at a time, in order per key."""
        ...
