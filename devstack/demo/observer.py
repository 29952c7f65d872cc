"""What happened to each event, read from outside by a role that may only read."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, NamedTuple, Self
from uuid import UUID

import psycopg

from devstack.demo.environment import OBSERVER
from devstack.demo.journal import TEMPLATES
from devstack.postgres import EmbeddedPostgres

GROUP = "notifications"
_OUTBOX = """
    SELECT id, routing_key, aggregate_type, aggregate_id, position, created_at, relayed_at
    FROM strangler_outbox WHERE routing_key = ANY(%s) ORDER BY position
"""
_OUTBOX_COUNTS = "SELECT count(*), count(*) FILTER (WHERE relayed_at IS NULL) FROM strangler_outbox"
_INBOX = "SELECT message_id, handled_at FROM strangler_inbox WHERE consumer_group = %s"
_PARKED = "SELECT type, key, status, attempts, error FROM strangler_parked_message WHERE status <> 'discarded'"
_MAILS = "SELECT id, cause, template, address, status, sent_at, message_id FROM notifications_email ORDER BY id"
_QUEUE = "SELECT sum(queue_length)::int, sum(total_messages)::int FROM pgmq.metrics_all()"


class Mail(NamedTuple):
    """A row of the e-mail table; `cause` is the id of the event."""

    id: int
    cause: str
    template: str
    address: str
    status: str
    sent_at: datetime | None
    message_id: str


@dataclass(frozen=True, slots=True)
class Way:
    """One event from the shop's outbox to the e-mail, each time as the database there noted it."""

    id: UUID
    type: str
    aggregate_type: str
    aggregate_id: str
    position: int
    created_at: datetime
    relayed_at: datetime | None
    handled_at: datetime | None
    mailed_at: datetime | None

    @property
    def finished(self) -> bool:
        return None not in (self.relayed_at, self.handled_at, self.mailed_at)

    @property
    def latency(self) -> float | None:
        """Milliseconds from `publish()` to the transaction of the handler."""
        return self.until(self.handled_at)

    def until(self, moment: datetime | None) -> float | None:
        return None if moment is None else (moment - self.created_at).total_seconds() * 1000


@dataclass(frozen=True)
class Sight:
    """Everything at one moment. `ways` are the events that the service is to handle, in the order of the outbox."""

    ways: list[Way]
    inbox: Mapping[UUID, datetime]
    mails: list[Mail]
    mails_of_the_shop: int
    parked: list[tuple[str, str, str, int, str]]
    published: int
    pending: int
    queued: int
    ever_queued: int

    @property
    def relayed(self) -> int:
        return sum(way.relayed_at is not None for way in self.ways)

    @property
    def handled(self) -> int:
        return sum(way.handled_at is not None for way in self.ways)

    @property
    def mailed(self) -> int:
        return sum(way.mailed_at is not None for way in self.ways)

    @property
    def under_way(self) -> int:
        return len(self.ways) - self.handled

    @property
    def settled(self) -> bool:
        """Nothing is on its way any more. Says nothing about whether it all arrived well."""
        return not self.pending and not self.queued and all(way.finished for way in self.ways)

    @property
    def progress(self) -> tuple[int, int, int]:
        return self.published - self.pending, len(self.inbox), sum(mail.sent_at is not None for mail in self.mails)


class Observer:
    """Three connections that only read, each answer from one set-based query."""

    def __init__(self, postgres: EmbeddedPostgres) -> None:
        self._postgres = postgres
        self._stack = ExitStack()

    def look(self) -> Sight:
        """The end of the way first: so no event seems to have arrived before it was published."""
        mails = [Mail(*row) for row in self._rows("notifications", _MAILS)]
        inbox = dict(self._rows("notifications", _INBOX, [GROUP]))
        published, pending = self._rows("shop", _OUTBOX_COUNTS)[0]
        queued, ever_queued = self._rows("broker", _QUEUE)[0]
        sent = {mail.cause: mail.sent_at for mail in mails}
        ways = [
            Way(*(*row, inbox.get(row[0]), sent.get(str(row[0]))))
            for row in self._rows("shop", _OUTBOX, [list(TEMPLATES)])
        ]
        return Sight(
            ways=ways,
            inbox=inbox,
            mails=mails,
            mails_of_the_shop=self._rows("shop", "SELECT count(*) FROM notifications_email")[0][0],
            parked=self._rows("notifications", _PARKED),
            published=published,
            pending=pending,
            queued=queued,
            ever_queued=ever_queued,
        )

    def _rows(self, database: str, query: str, parameters: list[Any] | None = None) -> list[Any]:
        return self._connections[database].execute(query, parameters).fetchall()

    def __enter__(self) -> Self:
        self._connections: dict[str, psycopg.Connection] = {
            database: self._stack.enter_context(self._postgres.connect(database, OBSERVER))
            for database in ("shop", "notifications", "broker")
        }
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
