"""One batch of messages in one transaction, each under its own savepoint: a bad one rolls back alone.

Handlers that lock what others lock as well are called in transactions of their own, if they say so.

The note that a message was handled, the handler's writes and the events it publishes commit together. A message that
cannot be handled now is parked, and every later one of its key behind it, so that order per key holds and no other
key waits.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count, groupby

import structlog
from django.db import connections, transaction
from django.db.backends.utils import CursorWrapper
from structlog.contextvars import bind_contextvars, reset_contextvars

from strangler.errors import ConnectionClosedByHandler, InvalidEnvelope, MessagingError, NoHandler
from strangler.inbox import store
from strangler.inbox.attempts import Attempts
from strangler.inbox.incoming import Incoming
from strangler.inbox.store import Parking
from strangler.inbox.subscriptions import Subscription
from strangler.messaging import open_as, working_for_message

log = structlog.get_logger(__name__)

PERMANENT = (MessagingError, NoHandler)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Times are seconds; they double from `backoff` to at most `backoff_max`."""

    max_attempts: int
    backoff: float
    backoff_max: float

    def delay(self, attempts: int) -> timedelta:
        return timedelta(seconds=min(self.backoff_max, self.backoff * 2 ** min(max(attempts - 1, 0), 30)))


class GroupHandling:
    """The handlers of one consumer group on one database. One instance serves any number of threads."""

    def __init__(self, group: str, handlers: Mapping[str, Subscription], *, using: str, policy: RetryPolicy) -> None:
        self.group = group
        self.using = using
        self.policy = policy
        self._handlers = handlers

    def handle(self, batch: Sequence[Incoming]) -> None:
        """Returns once every message is handled or parked, durably: now they may be acknowledged.

        Raises only where nothing was decided (the database is away): then none may be acknowledged.
        """
        messages = list({message.id: message for message in batch}.values())
        for _, part in groupby(messages, self._transactions()):
            self._handle_part(list(part))

    def _transactions(self) -> Callable[[Incoming], object]:
        """What is equal for neighbours is done in one transaction."""
        numbers = count()

        def of(message: Incoming) -> object:
            found = self._subscription(message)
            if found is None or not found.alone:
                return None
            return found if found.batch else next(numbers)

        return of

    def _handle_part(self, messages: Sequence[Incoming]) -> None:
        try:
            self._handle_together(messages)
        except Exception as error:
            if self.is_outage(error):
                raise
            log.warning("batch_split", group=self.group, messages=len(messages), error=str(error).strip())
            for message in messages:
                self._handle_alone(message)

    def batch_subscription(self, message: Incoming) -> Subscription | None:
        """None where the message is for a handler of single events, or for none."""
        found = self._subscription(message)
        return found if found is not None and found.batch else None

    def _subscription(self, message: Incoming) -> Subscription | None:
        return self._handlers.get(message.envelope.event_type) if message.envelope else None

    def run_handler(self, message: Incoming) -> None:
        """Raises whatever the handler raises, `NoHandler`, and what makes a message unfit to be handled at all."""
        if message.envelope is None:
            raise InvalidEnvelope(message.fault)
        subscription = self._handlers.get(message.envelope.event_type)
        if subscription is None:
            raise NoHandler(
                f"group {self.group!r} has no handler for {message.envelope.type}: deploy one and redrive the message, "
                "or unbind the event from the group's queue and discard the message"
            )
        event = open_as(message.envelope, subscription.event_class)
        logged = bind_contextvars(correlation_id=message.envelope.correlationid, message_id=str(message.id))
        try:
            with working_for_message(message.envelope):
                subscription.handler([event] if subscription.batch else event)
        finally:
            reset_contextvars(**logged)

    def is_outage(self, error: Exception) -> bool:
        """Call it outside of the transaction that failed. False where the message itself is to blame."""
        return not isinstance(error, ConnectionClosedByHandler) and not connections[self.using].is_usable()

    def _handle_together(self, messages: Sequence[Incoming]) -> None:
        with transaction.atomic(using=self.using), connections[self.using].cursor() as cursor:
            self._handle_in_transaction(cursor, messages)

    def _handle_alone(self, message: Incoming) -> None:
        """Where a batch failed as a whole (at its commit, say), the culprit must be found and parked alone."""
        try:
            self._handle_together([message])
        except Exception as error:
            if self.is_outage(error):
                raise
            with transaction.atomic(using=self.using), connections[self.using].cursor() as cursor:
                store.park(cursor, self.group, [self.parking_after(message, error)])

    def _handle_in_transaction(self, cursor: CursorWrapper, messages: Sequence[Incoming]) -> None:
        waiting = store.parked_keys(cursor, self.group, [message.key for message in messages])
        seen = store.already_handled(cursor, self.group, [m.id for m in messages if m.redelivered or m.key in waiting])
        candidates = [message for message in messages if message.id not in seen]
        behind = [Parking(m) for m in candidates if m.redelivered or m.key in waiting]
        direct = [m for m in candidates if not m.redelivered and m.key not in waiting]
        fresh = store.record_handled(cursor, self.group, [m.id for m in direct])
        attempts = Attempts(self, blocked={parking.message.key for parking in behind})
        failed = attempts.at([message for message in direct if message.id in fresh])
        store.forget_handled(cursor, self.group, [parking.message.id for parking in failed])
        store.park(cursor, self.group, _in_order(messages, [*behind, *failed]))

    def parking_after(self, message: Incoming, error: Exception) -> Parking:
        """Of a message whose handler was started once, in its batch."""
        dead = isinstance(error, PERMANENT) or self.policy.max_attempts == 1
        log.warning(
            "message_parked",
            group=self.group,
            message_id=str(message.id),
            type=message.type,
            key=message.key,
            dead=dead,
            error=repr(error),
        )
        return Parking(message, attempts=1, delay=self.policy.delay(1), error=describe(error), dead=dead)


def describe(error: BaseException) -> str:
    """The traceback a person needs to mend it, cut to its last 8 000 characters, NUL characters made visible."""
    return "".join(traceback.format_exception(error)).replace("\x00", "\\x00")[-8_000:]


def _in_order(messages: Sequence[Incoming], parkings: Sequence[Parking]) -> list[Parking]:
    place = {message.id: index for index, message in enumerate(messages)}
    return sorted(parkings, key=lambda parking: place[parking.message.id])
