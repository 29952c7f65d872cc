"""One batch of the log: ask the outbox about it, publish what is due, write down what the broker said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Event
from time import monotonic
from uuid import UUID

import structlog
from django.db.backends.base.base import BaseDatabaseWrapper

from strangler.brokers import OutgoingMessage, Publisher
from strangler.conf import settings
from strangler.errors import InvalidEnvelope
from strangler.messaging import decode
from strangler.relay import store
from strangler.relay.debezium import ledger
from strangler.relay.debezium.engine import Captured
from strangler.relay.debezium.ledger import Entry, Fate

log = structlog.get_logger(__name__)

_LOOK_AGAIN_SECONDS = 0.005
_SLOW_COMMIT_SECONDS = 5.0


class Stream:
    """`on_deferred` is called when rows were given to the sweeper."""

    def __init__(
        self,
        connection: BaseDatabaseWrapper,
        publisher: Publisher,
        *,
        backoff_max: float,
        on_deferred: Callable[[], None],
        stop: Event,
    ) -> None:
        self._connection = connection
        self._publisher = publisher
        self._backoff_max = backoff_max
        self._on_deferred = on_deferred
        self._stop = stop

    def carry(self, captured: Sequence[Captured]) -> bool:
        """True when every row is settled in the outbox, False when `stop` came first: then the batch comes again."""
        entries = self._entries(captured)
        if entries is None:
            return False
        blocked = [id for id, entry in entries.items() if entry.fate is Fate.BLOCKED]
        due = [entry.message for entry in entries.values() if entry.fate is Fate.DUE]
        gone = [message for row in captured if row.id not in entries and (message := _without_row(row)) is not None]
        self._publish(_in_order_of(captured, [*due, *gone]), blocked, gone={message.id for message in gone})
        return True

    def _publish(self, messages: Sequence[OutgoingMessage], blocked: Sequence[UUID], *, gone: set[UUID]) -> None:
        with self._connection.cursor() as cursor:
            deferred = list(blocked)
            if messages:
                receipt = self._publisher.publish(messages)
                for id, reason in receipt.refused.items():
                    event = "message_refused_and_its_row_is_gone" if id in gone else "message_refused"
                    log.error(event, message_id=str(id), reason=reason)
                store.settle(cursor, receipt, backoff_max=self._backoff_max)
                answered = {*receipt.confirmed, *receipt.refused}
                deferred += [message.id for message in messages if message.id not in answered]
            ledger.defer(cursor, deferred)
        if deferred:
            self._on_deferred()

    def _entries(self, captured: Sequence[Captured]) -> dict[UUID, Entry] | None:
        """Wait until everything in the batch is visible, or is certain to be deleted: the log shows a commit before
        other sessions see it, and long before where a synchronous standby lags. None when `stop` was set first.
        """
        with self._connection.cursor() as cursor:
            entries = ledger.look_up(cursor, captured)
            started = monotonic()
            warned = False
            while missing := [row for row in captured if row.id not in entries]:
                undecided = ledger.in_progress(cursor, [row.transaction() for row in missing])
                entries = ledger.look_up(cursor, captured)
                if not undecided:
                    break
                if self._stop.wait(_LOOK_AGAIN_SECONDS):
                    return None
                if not warned and monotonic() - started > _SLOW_COMMIT_SECONDS:
                    warned = True
                    log.warning("commit_not_visible_yet", hint="does a synchronous standby lag?", rows=len(missing))
            return entries


def _in_order_of(captured: Sequence[Captured], messages: Sequence[OutgoingMessage]) -> list[OutgoingMessage]:
    by_id = {message.id: message for message in messages}
    return [by_id[row.id] for row in captured if row.id in by_id]


def _without_row(row: Captured) -> OutgoingMessage | None:
    """The event happened, whoever deleted its row: everything needed is in the envelope."""
    log.warning("outbox_row_is_gone", message_id=str(row.id), hint="it is published all the same")
    try:
        envelope = decode(row.body)
    except InvalidEnvelope as error:
        log.error("message_dropped", message_id=str(row.id), reason=str(error), hint="its row is gone too")  # noqa: TRY400
        return None
    topic = envelope.partitionkey.rpartition(":")[0]
    mandatory = settings.must_be_consumed(envelope.event_type)
    return OutgoingMessage(row.id, topic, envelope.event_type, envelope.partitionkey, row.body, mandatory)
