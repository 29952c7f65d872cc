"""One statement for a whole batch: PGMQ's own `send_topic` costs a round trip for each message."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from strangler.brokers.base import OutgoingMessage, Receipt
from strangler.brokers.closing import ClosingBase
from strangler.brokers.names import bad_routing_key, is_routing_key
from strangler.brokers.pgmq.session import Connection, Database
from strangler.brokers.settling import Settling, unroutable

MAX_BODY = 128 * 1024 * 1024  # a jsonb string takes 256 MB, and a body may double when it is escaped
MAX_STATEMENT = 32 * 1024 * 1024

# Answers the positions of mandatory messages that nobody takes; what comes behind one of them of its key is left out.
# The message is a jsonb *string*: an object would be reordered. Each queue's listeners are told once. Publishers to one
# queue take turns, so that its messages become visible in the order of their ids: the subscriber relies on that.
_PUBLISH = """
WITH message AS MATERIALIZED (
    SELECT * FROM
        unnest(%(routing_keys)s::text[], %(keys)s::text[], %(bodies)s::text[], %(mandatory)s::boolean[])
        WITH ORDINALITY AS message (routing_key, key, body, mandatory, position)
), route AS MATERIALIZED (
    SELECT wanted.routing_key, taker.queue_name
    FROM (SELECT DISTINCT routing_key FROM message) AS wanted, pgmq.test_routing(wanted.routing_key) AS taker
), judged AS MATERIALIZED (
    SELECT *, bool_or(untaken) OVER (PARTITION BY key ORDER BY position) AS stuck
    FROM (
        SELECT *, mandatory AND routing_key NOT IN (SELECT routing_key FROM route) AS untaken FROM message
    ) AS message
), queue AS MATERIALIZED (
    SELECT queue_name, pg_advisory_xact_lock(hashtextextended('strangler.pgmq.publish.' || queue_name, 0)) AS lock
    FROM (SELECT DISTINCT queue_name FROM route WHERE EXISTS (
        SELECT FROM judged WHERE judged.routing_key = route.routing_key AND NOT stuck
    ) ORDER BY queue_name) AS taker
), sent AS MATERIALIZED (
    SELECT queue_name, (SELECT count(*) FROM pgmq.send_batch(queue_name, (
        SELECT array_agg(to_jsonb(body) ORDER BY position) FROM judged
        WHERE NOT stuck AND routing_key IN (SELECT routing_key FROM route WHERE route.queue_name = queue.queue_name)
    ))) AS messages
    FROM (SELECT count(lock) FROM queue) AS all_locked (locks), queue WHERE locks > 0
), told AS MATERIALIZED (
    SELECT pg_notify('pgmq.q_' || queue_name || '.INSERT', '') AS notification, messages FROM sent
)
SELECT (SELECT sum(messages) + count(notification) FROM told), array(SELECT position FROM judged WHERE untaken)
"""


class PgmqPublisher(ClosingBase):
    """Each batch is one transaction: after `BrokerUnavailable`, usually none of it arrived, at worst all of it."""

    def __init__(self, database: Database, exchange: str) -> None:
        self._database = database
        self._exchange = exchange
        self._connection: Connection | None = None

    def publish(self, messages: Sequence[OutgoingMessage]) -> Receipt:
        settling = Settling()
        if not messages:
            return settling.receipt()
        connection = self._connected()
        with self._database.translated_errors(), connection.transaction():
            for chunk in _chunks(messages):
                self._send(connection, chunk, settling)
        return settling.receipt()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = self._database.open()
        return self._connection

    def _send(self, connection: Connection, messages: Sequence[OutgoingMessage], settling: Settling) -> None:
        sendable: list[tuple[OutgoingMessage, str]] = []
        for message in messages:
            if settling.holds_back(message):
                continue
            reason = _unfit(message)
            if reason:
                settling.refuse(message, reason)
            else:
                sendable.append((message, message.body.decode()))
        if sendable:
            self._execute(connection, sendable, settling)

    def _execute(
        self, connection: Connection, sendable: Sequence[tuple[OutgoingMessage, str]], settling: Settling
    ) -> None:
        parameters = {
            "routing_keys": [f"{self._exchange}.{message.routing_key}" for message, _ in sendable],
            "keys": [message.key for message, _ in sendable],
            "bodies": [body for _, body in sendable],
            "mandatory": [message.mandatory for message, _ in sendable],
        }
        _, untaken = connection.execute(_PUBLISH, parameters).fetchall()[0]
        for position, (message, _) in enumerate(sendable, start=1):
            if settling.holds_back(message):
                continue
            if position in untaken:
                settling.refuse(message, unroutable(message.routing_key))
            else:
                settling.confirm(message)


def _unfit(message: OutgoingMessage) -> str | None:
    if not is_routing_key(message.routing_key):
        return bad_routing_key(message.routing_key)
    if len(message.body) > MAX_BODY:
        return f"its body of {len(message.body)} bytes is larger than a PGMQ message may be ({MAX_BODY} bytes)"
    if b"\0" in message.body or "\0" in message.key:
        return "it contains a zero byte, which PostgreSQL cannot store in a text"
    try:
        message.body.decode()
    except UnicodeDecodeError as error:
        return f"its body is not UTF-8 text ({error.reason} at byte {error.start}), PGMQ carries nothing else"
    return None


def _chunks(messages: Sequence[OutgoingMessage]) -> Iterator[Sequence[OutgoingMessage]]:
    """As few statements as possible, each small enough for the client's and the server's memory."""
    chunk: list[OutgoingMessage] = []
    size = 0
    for message in messages:
        if chunk and size + len(message.body) > MAX_STATEMENT:
            yield chunk
            chunk, size = [], 0
        chunk.append(message)
        size += len(message.body)
    yield chunk
