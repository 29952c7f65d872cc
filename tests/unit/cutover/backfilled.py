"""Consumer group `copies` and what it is told of the sample's items."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import StringIO
from threading import Event
from typing import Any

import psycopg
from django.core.management import call_command
from django.db import OperationalError, connection

from strangler.brokers import connect
from strangler.conf import settings
from strangler.cutover.backfilling import backfills
from strangler.cutover.backfilling.audience import audience_of
from strangler.cutover.backfilling.running import Running
from strangler.cutover.models import BackfillRun
from strangler.inbox.subscriptions import subscriptions
from strangler.messaging import Envelope, decode
from strangler.outbox.models import OutboxMessage
from tests.sample.models import Item

NAME, GROUP = "sample.items", "copies"
TOLD_AGAIN = "sample.item_changed.backfill.copies"
State = dict[str, tuple[int, tuple[int, ...]]]


def declare(group: str = GROUP) -> None:
    connect(settings.broker_url, exchange=settings.exchange).declare(group, subscriptions.routing_keys(group))


def run(*arguments: str) -> str:
    """The command, as fast as it can be, unless the arguments say otherwise. Returns what it wrote."""
    out = StringIO()
    call_command("backfill", "--rate", "0", *arguments, stdout=out)
    return out.getvalue()


@dataclass
class Noted:
    """A progress that only notes. `stop` is set after so many rows."""

    stop_after: int | None = None
    stop: Event = field(default_factory=Event)
    reasons: list[str] = field(default_factory=list)
    done: list[int] = field(default_factory=list)

    def moved(self, run: BackfillRun) -> None:
        self.done.append(run.done)
        if self.stop_after is not None and run.done >= self.stop_after:
            self.stop.set()

    def waits(self, reason: str) -> None:
        self.reasons.append(reason)


def running(noted: Noted, *, rate: int = 0) -> Running:
    told = backfills[NAME]
    audience = audience_of(GROUP, told.context)
    return Running(told, audience, rate=rate, restart=False, stop=noted.stop, progress=noted)


def envelopes() -> list[Envelope]:
    """Of the outbox, in its order."""
    return [decode(payload) for payload in OutboxMessage.objects.order_by("position").values_list("payload", flat=True)]


def told() -> list[str]:
    """Which items were told to the group alone, in the order of the outbox."""
    return [envelope.subject for envelope in envelopes() if envelope.backfill == GROUP]


def applied(messages: Iterable[Envelope]) -> State:
    """What a consumer of the group believes that handles them in this order."""
    state: State = {}
    for message in messages:
        assert message.backfill in (None, GROUP)
        if message.event_type == "sample.item_removed":
            state.pop(message.subject, None)
        else:
            state[message.subject] = (message.data["value"], tuple(message.data["parts"]))
    return state


def tables() -> State:
    items = Item.objects.prefetch_related("parts")
    return {item.number: (item.value, tuple(sorted(part.value for part in item.parts.all()))) for item in items}


@contextmanager
def session() -> Iterator[psycopg.Connection]:
    """Another one of the same database; its transaction is undone in the end."""
    known = ("host", "port", "dbname", "user", "password")
    parameters = {name: value for name, value in connection.get_connection_params().items() if name in known}
    with psycopg.connect(**parameters) as other:
        yield other
        other.rollback()


def hold(other: psycopg.Connection, number: str) -> None:
    """Raises psycopg's `LockNotAvailable` where somebody else does."""
    other.execute("SELECT 1 FROM sample_item WHERE number = %s FOR UPDATE NOWAIT", [number])


@contextmanager
def without_waiting() -> Iterator[None]:
    """No clock is asked: whoever waits for what is held all the while is ended by its `lock_timeout`."""
    ended: list[OperationalError] = []

    def watch(execute: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return execute(*arguments)
        except OperationalError as error:
            ended.append(error)
            raise

    with connection.execute_wrapper(watch):
        yield
    assert ended == []


def somebody_waits() -> bool:
    """Some session of this database waits for a lock."""
    with session() as other:
        waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        return other.execute(waiting).fetchone() is not None
