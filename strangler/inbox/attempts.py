"""First attempts at the messages of a batch, inside its transaction: who fails is undone alone, and says why."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import structlog
from django.db import connections

from strangler.inbox.incoming import Incoming
from strangler.inbox.savepoints import Savepoints
from strangler.inbox.store import Parking
from strangler.inbox.subscriptions import Subscription
from strangler.messaging import open_as, working_for_batch

if TYPE_CHECKING:
    from strangler.inbox.handling import GroupHandling

log = structlog.get_logger(__name__)


class Attempts:
    """`blocked` are keys in which something waits already: what comes later must wait behind it.

    Messages for a handler of batches are kept back, and handed over together when all have been seen, or before another
    handler takes a message of one of their keys.
    """

    def __init__(self, handling: GroupHandling, *, blocked: set[str]) -> None:
        self._handling = handling
        self._connection = connections[handling.using]
        self._savepoints = Savepoints(self._connection)
        self._blocked = blocked
        self._kept: dict[Subscription, list[Incoming]] = {}
        self._kept_for: dict[str, Subscription] = {}  # by key
        self._failed: list[Parking] = []

    def at(self, messages: Sequence[Incoming]) -> list[Parking]:
        """Returns what failed, and what must wait behind it; raises where the database is away."""
        for message in messages:
            subscription = self._handling.batch_subscription(message)
            if self._kept_for.get(message.key, subscription) is not subscription:
                self._hand_over()
            if subscription is None:
                self._try(message)
            else:
                self._kept.setdefault(subscription, []).append(message)
                self._kept_for[message.key] = subscription
        self._hand_over()
        return self._failed

    def _hand_over(self) -> None:
        kept, self._kept = self._kept, {}
        self._kept_for.clear()
        for subscription, messages in kept.items():
            free = [message for message in messages if message.key not in self._blocked]
            done = len(free) > 1 and self._all_at_once(subscription, free)
            for message in messages:
                if not done or message.key in self._blocked:
                    self._try(message)

    def _all_at_once(self, subscription: Subscription, messages: Sequence[Incoming]) -> bool:
        try:
            self._savepoints.run(partial(_run_batch, subscription, messages))
        except Exception as error:
            if not self._connection.is_usable():
                raise
            log.warning("batch_split", group=self._handling.group, messages=len(messages), error=repr(error))
            return False
        return True

    def _try(self, message: Incoming) -> None:
        if message.key in self._blocked:
            self._failed.append(Parking(message))
            return
        try:
            self._savepoints.run(partial(self._handling.run_handler, message))
        except Exception as error:
            if not self._connection.is_usable():
                raise
            self._failed.append(self._handling.parking_after(message, error))
            self._blocked.add(message.key)


def _run_batch(subscription: Subscription, messages: Sequence[Incoming]) -> None:
    envelopes = [message.envelope for message in messages if message.envelope is not None]
    with working_for_batch(envelopes):
        subscription.handler([open_as(envelope, subscription.event_class) for envelope in envelopes])
