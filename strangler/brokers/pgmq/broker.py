"""`pgmq://`: publishing and consuming are SQL in one PostgreSQL database, so there is no second server to run."""

from __future__ import annotations

from collections.abc import Sequence

from strangler.brokers.names import checked_routing_keys, queue_name
from strangler.brokers.pgmq import schema
from strangler.brokers.pgmq.publisher import PgmqPublisher
from strangler.brokers.pgmq.session import Database
from strangler.brokers.pgmq.subscriber import PgmqSubscriber
from strangler.errors import ConfigurationError

MAX_QUEUE_NAME = 47  # PGMQ puts 16 characters before it, and PostgreSQL cuts identifiers at 63


class PgmqBroker:
    """The queue of a group is named `<exchange>.<group>`, a binding `<exchange>.<routing key>`.

    Needs session-level advisory locks and LISTEN: connect straight to PostgreSQL, or through a pooler in session mode.
    """

    def __init__(self, url: str, exchange: str) -> None:
        self._database = Database(url)
        self._exchange = exchange

    def declare(self, group: str, routing_keys: Sequence[str]) -> None:
        """Also installs PGMQ where it is missing, and removes bindings the group no longer asks for."""
        queue = self._queue(group)
        patterns = [f"{self._exchange}.{routing_key}" for routing_key in checked_routing_keys(group, routing_keys)]
        with self._database.open() as connection, self._database.translated_errors():
            schema.install(connection)
            schema.create_queue(connection, queue)
            schema.bind(connection, queue, patterns)

    def backlog(self, group: str, _: Sequence[str]) -> int:
        queue = self._queue(group)
        with self._database.open() as connection, self._database.translated_errors():
            return schema.length(connection, queue)

    def takes(self, group: str, routing_keys: Sequence[str]) -> frozenset[str]:
        queue, wanted = self._queue(group), {f"{self._exchange}.{key}": key for key in routing_keys}
        with self._database.open() as connection, self._database.translated_errors():
            return frozenset(wanted[pattern] for pattern in schema.routed(connection, queue, list(wanted)))

    def publisher(self) -> PgmqPublisher:
        return PgmqPublisher(self._database, self._exchange)

    def subscriber(self, group: str, routing_keys: Sequence[str], *, prefetch: int) -> PgmqSubscriber:
        self.declare(group, routing_keys)
        return PgmqSubscriber(self._database, self._queue(group), prefetch)

    def _queue(self, group: str) -> str:
        name = queue_name(self._exchange, group)
        if len(name) > MAX_QUEUE_NAME:
            raise ConfigurationError(
                f"consumer group {group!r}: its queue {name!r} has {len(name)} characters, PGMQ allows "
                f"{MAX_QUEUE_NAME}: "
                'shorten the group or STRANGLER["EXCHANGE"]'
            )
        return name
