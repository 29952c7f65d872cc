"""One batch of the log: ask the outbox about it, publish what is due, write down what the broker said."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import Event
from time import monotonic
from uuid import UUID

import structlog
from django.db.backends.base.base import BaseDatabaseWrapper

from strangler.brokers import OutgoingMessage, Receipt
from strangler.conf import settings
from strangler.errors import InvalidEnvelope
from strangler.messaging import decode
from strangler.relay import store
from strangler.relay.log import ledger
from strangler.relay.log.ledger import Fate
from strangler.relay.log.reading import Captured

log = structlog.get_logger(__name__)

_LOOK_AGAIN_SECONDS = (0.001, 0.002, 0.005)
_SLOW_COMMIT_SECONDS = 5.0


@dataclass
class Batch:
    """`messages` are due, in the order of the log; `blocked` will be the sweeper's; `gone` have no row any more.

    `missing` are rows that nobody can see yet, or that are deleted: while there are some, nothing may be published.
    `polls`: of the reader, as many as it wants to hear are done.
    """

    captured: Sequence[Captured]
    messages: list[OutgoingMessage]
    blocked: list[UUID]
    missing: list[Captured] = field(default_factory=list)
    gone: set[UUID] = field(default_factory=set)
    polls: int = 1

    def with_more(self, behind: Batch) -> Batch:
        """Both in one, with those of `behind` after the others. None of them is missing."""
        return Batch(
            [*self.captured, *behind.captured],
            self.messages + behind.messages,
            self.blocked + behind.blocked,
            gone=self.gone | behind.gone,
            polls=self.polls + behind.polls,
        )

    def size(self) -> int:
        """Bytes."""
        return sum(len(row.body) for row in self.captured)

    def hold_back_behind(self, ahead: Batch, receipt: Receipt) -> None:
        """What was not confirmed of the batch ahead keeps later messages of its key from going out."""
        stuck = {message.key for message in ahead.unconfirmed(receipt)}
        if stuck:
            self.blocked += [message.id for message in self.messages if message.key in stuck]
            self.messages = [message for message in self.messages if message.key not in stuck]

    def unconfirmed(self, receipt: Receipt) -> list[OutgoingMessage]:
        if len(receipt.confirmed) == len(self.messages):
            return []
        confirmed = set(receipt.confirmed)
        return [message for message in self.messages if message.id not in confirmed]


class Stream:
    """`on_deferred` is called when rows were given to the sweeper."""

    def __init__(
        self,
        connection: BaseDatabaseWrapper,
        *,
        backoff_max: float,
        on_deferred: Callable[[], None],
        stop: Event,
    ) -> None:
        self._connection = connection
        self._backoff_max = backoff_max
        self._on_deferred = on_deferred
        self._stop = stop

    def look_up(self, captured: Sequence[Captured], *, ahead: Sequence[Batch] = ()) -> Batch:
        """`ahead` go to the broker before these: `hold_back_behind` them once there is a receipt."""
        with self._connection.cursor() as cursor:
            under_way = [message.id for batch in ahead for message in batch.messages]
            fates = ledger.look_up(cursor, [row.id for row in captured], ahead=under_way)
            due = [row for row in captured if row.id not in fates] if fates else captured
            unaddressed = [row.id for row in due if row.address is None]
            known = ledger.addresses(cursor, unaddressed) if unaddressed else {}
        blocked = [id for id, fate in fates.items() if fate is Fate.BLOCKED]
        missing = [row for row in captured if fates.get(row.id) is Fate.MISSING] if fates else []
        batch = Batch(captured, [], blocked, missing)
        for row in due:
            address = row.address or known.get(row.id)
            if address is None:
                batch.missing.append(row)  # deleted since
            else:
                batch.messages.append(store.message(row.id, *address, row.body))
        return batch

    def until_visible(self, captured: Sequence[Captured]) -> Batch | None:
        """Wait until everything in the batch is visible, or is certain to be deleted: the log shows a commit before
        other sessions see it, and long before where a synchronous standby lags. None when `stop` was set first.

        No other batch may be under way.
        """
        batch, warned, started = self.look_up(captured), False, monotonic()
        waits = iter(_LOOK_AGAIN_SECONDS)
        while batch.missing:
            undecided = self._in_progress(batch.missing)
            batch = self.look_up(captured)
            if not undecided:
                return self._with_those_gone(batch)
            if self._stop.wait(next(waits, _LOOK_AGAIN_SECONDS[-1])):
                return None
            if not warned and monotonic() - started > _SLOW_COMMIT_SECONDS:
                warned = True
                log.warning("commit_not_visible_yet", hint="does a synchronous standby lag?", rows=len(batch.missing))
        return batch

    def settle(self, batch: Batch, receipt: Receipt) -> None:
        for id, reason in receipt.refused.items():
            event = "message_refused_and_its_row_is_gone" if id in batch.gone else "message_refused"
            log.error(event, message_id=str(id), reason=reason)
        held_back = [message.id for message in batch.unconfirmed(receipt) if message.id not in receipt.refused]
        deferred = [*batch.blocked, *held_back]
        with self._connection.cursor() as cursor:
            store.settle(cursor, receipt, backoff_max=self._backoff_max)
            ledger.defer(cursor, deferred)
        if deferred:
            self._on_deferred()

    def _in_progress(self, rows: Sequence[Captured]) -> bool:
        with self._connection.cursor() as cursor:
            return ledger.in_progress(cursor, list({row.transaction() for row in rows}))

    def _with_those_gone(self, batch: Batch) -> Batch:
        gone = {message.id: message for message in _without_rows(batch.missing)}
        by_id = {**{message.id: message for message in batch.messages}, **gone}
        messages = [by_id[row.id] for row in batch.captured if row.id in by_id]
        return Batch(batch.captured, messages, batch.blocked, gone=set(gone))


def _without_rows(rows: Sequence[Captured]) -> Iterator[OutgoingMessage]:
    """The event happened, whoever deleted its row: everything needed is in the envelope."""
    for row in rows:
        log.warning("outbox_row_is_gone", message_id=str(row.id), hint="it is published all the same")
        try:
            envelope = decode(row.body)
        except InvalidEnvelope as error:
            log.error("message_dropped", message_id=str(row.id), reason=str(error), hint="its row is gone too")  # noqa: TRY400
            continue
        topic = envelope.partitionkey.rpartition(":")[0]
        mandatory = settings.must_be_consumed(envelope.routing_key)
        yield OutgoingMessage(row.id, topic, envelope.routing_key, envelope.partitionkey, row.body, mandatory)
