"""`publish()`: an event exists if and only if the transaction that published it committed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import chain
from uuid import UUID

from django.apps import apps
from django.db import connections, router

from strangler.conf import settings
from strangler.errors import EventTooLarge, NotInTransaction, NotTheOwner
from strangler.messaging import Event
from strangler.messaging.routing import backfill_suffix
from strangler.messaging.sealing import Sealed, Sealer
from strangler.outbox.models import OutboxMessage

_Row = tuple[str, str, str, str, str, str, str, str]
_COLUMNS = "id, aggregate_type, aggregate_id, type, routing_key, correlation_id, payload, created_at"
_INSERT = f"INSERT INTO strangler_outbox ({_COLUMNS}) VALUES "  # noqa: S608  (constants)
_PLACES = "(%s, %s, %s, %s, %s, %s, %s, %s)"
_ROWS_IN_A_STATEMENT = 1_000


def publish(event: Event, *, using: str | None = None) -> UUID:
    """Record `event` in the transaction in force and return its id; a relay carries it to the broker after the commit.

    `using` is the database alias; by default the router's choice for the outbox. Raises `NotInTransaction` outside
    `transaction.atomic()`, `NotTheOwner` for an event that another context owns and `EventTooLarge` for one that, with
    its envelope, is larger than `MAX_EVENT_BYTES`.
    """
    return publish_many([event], using=using)[0]


def publish_many(events: Sequence[Event], *, using: str | None = None) -> list[UUID]:
    """Like `publish()`, for any number of events in few statements; events of one key keep the order given."""
    return _record(events, using)


def publish_for(group: str, events: Sequence[Event], *, using: str) -> list[UUID]:
    """Like `publish_many()`, for one consumer group alone, which has missed them. For backfills, not for your code."""
    return _record(events, using, group=group)


def _record(events: Sequence[Event], using: str | None, *, group: str | None = None) -> list[UUID]:
    """For `group` alone, where one is named."""
    alias = using or router.db_for_write(OutboxMessage)
    _require_transaction(alias, events)
    for event_class in {type(event) for event in events}:
        require_ownership(event_class)
    sealer = Sealer(settings.source, settings.stages_in_force().stamp, backfill=group)
    suffix = backfill_suffix(group) if group else ""
    sealed = [sealer.seal(event) for event in events]
    for event, message in zip(events, sealed, strict=True):
        _require_size(event, len(message.text.encode()))
    _insert(alias, [_row(*pair, sealer, suffix) for pair in zip(events, sealed, strict=True)])
    return [message.id for message in sealed]


def _row(event: Event, message: Sealed, sealer: Sealer, suffix: str) -> _Row:
    """All text: what PostgreSQL reads anyway, and psycopg need not look at."""
    names = event.aggregate_type, message.aggregate_id, event.wire_type(), event.event_type + suffix
    return str(message.id), *names, sealer.correlation_id, message.text, sealer.time


def _insert(alias: str, rows: Sequence[_Row]) -> None:
    """Past the ORM, which takes longer than the database does.

    Not by COPY, although it is faster: it puts many rows under one position of the log, and of these Debezium forgets
    all but those it has sent when it is killed in between (debezium/dbz#1554).
    """
    with connections[alias].cursor() as cursor:
        for start in range(0, len(rows), _ROWS_IN_A_STATEMENT):
            some = rows[start : start + _ROWS_IN_A_STATEMENT]
            cursor.execute(_INSERT + ", ".join([_PLACES] * len(some)), list(chain.from_iterable(some)))


def _require_size(event: Event, size: int) -> None:
    """Here, because here somebody can still do something about it: after the commit it would wait for ever."""
    if size > settings.max_event_bytes:
        raise EventTooLarge(
            f"{type(event).__name__} of {event.aggregate_type} {event.aggregate_id} takes {size:,} bytes, "
            f'STRANGLER["MAX_EVENT_BYTES"] allows {settings.max_event_bytes:,}: put the large part where consumers can '
            "fetch it and publish its address (https://www.enterpriseintegrationpatterns.com/StoreInLibrary.html), or "
            "raise the limit, and the broker's with it"
        )


def _require_transaction(alias: str, events: Sequence[Event]) -> None:
    if connections[alias].in_atomic_block:
        return
    names = ", ".join(sorted({type(event).__name__ for event in events})) or "nothing"
    raise NotInTransaction(
        f"publish({names}) outside a transaction on database {alias!r}: put it inside the transaction.atomic() block "
        "that makes the change; where the change is made on another database, name it with using="
    )


@cache
def require_ownership(event_class: type[Event]) -> None:
    """Raises `NotTheOwner` unless the Django app that contains the class is labelled with the event's owner."""
    if not event_class.event_type:
        raise NotTheOwner(f"{event_class.__qualname__} declares no type=: it is a base class, publish a concrete event")
    app = apps.get_containing_app_config(event_class.__module__)
    if app is None or app.label != event_class.owner:
        where = f"app {app.label!r}" if app else f"module {event_class.__module__!r}, which is in no installed app"
        raise NotTheOwner(
            f"{event_class.__qualname__} is {event_class.event_type!r}: only the app labelled {event_class.owner!r} "
            f"publishes it, but this class is declared in {where}"
        )
