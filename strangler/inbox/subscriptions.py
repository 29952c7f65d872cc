"""`@subscribe`: which function of which consumer group handles which event."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from strangler.brokers.names import is_routing_key
from strangler.errors import InboxError
from strangler.messaging import Event
from strangler.messaging.routing import routing_key

E = TypeVar("E", bound=Event)
Handler = Callable[[E], None]
BatchHandler = Callable[[Sequence[E]], None]


@dataclass(frozen=True, slots=True)
class Subscription:
    """`batch`: the handler takes a sequence of events. `alone`: each call of it has a transaction of its own."""

    group: str
    event_class: type[Event]
    handler: Callable[[Any], None]
    batch: bool = False
    alone: bool = False

    @property
    def handler_name(self) -> str:
        return f"{self.handler.__module__}.{self.handler.__qualname__}"


class Subscriptions:
    """At most one handler for each event type in each group."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Subscription] = {}

    def add(self, subscription: Subscription) -> None:
        place = subscription.group, subscription.event_class.event_type
        known = self._known.setdefault(place, subscription)
        if known.handler_name != subscription.handler_name:
            raise InboxError(
                f"group {place[0]!r} handles {place[1]!r} twice, in {known.handler_name} and in "
                f"{subscription.handler_name}: give one of them a group of its own, or call both from one handler"
            )

    def __iter__(self) -> Iterator[Subscription]:
        return iter(self._known.values())

    def groups(self) -> list[str]:
        return sorted({subscription.group for subscription in self})

    def of_group(self, group: str) -> dict[str, Subscription]:
        """By event type. Raises `InboxError` for a group that nothing subscribes to."""
        found = {event_type: sub for (name, event_type), sub in self._known.items() if name == group}
        if not found:
            known = ", ".join(self.groups()) or "none: is there a handlers.py with @subscribe in an installed app?"
            raise InboxError(f"no handler subscribes in group {group!r} (groups here: {known})")
        return found

    def routing_keys(self, group: str) -> list[str]:
        """What the group's queue is bound to: each type it handles, and the same told again for this group alone.

        A combination that no broker could route by is left out: `manage.py backfill` says so. Raises `InboxError`.
        """
        types = sorted(self.of_group(group))
        told_again = (routing_key(event_type, backfill=group) for event_type in types)
        return [*types, *filter(is_routing_key, told_again)]


subscriptions = Subscriptions()


def subscribe(event_class: type[E], *, group: str, alone: bool = False) -> Callable[[Handler[E]], Handler[E]]:
    """Call the function with every `event_class` that reaches consumer group `group`.

    Declare it in the `handlers.py` of an installed app. The call runs in one transaction with the note that the
    message was handled, so its effect on the inbox's database happens exactly once. It must not open
    `atomic(durable=True)`. Raises `InboxError` when the group already handles this type.

    Many messages share that transaction, so locks that one call has taken are held while the next ones work. `alone`
    gives each call its own: for handlers that lock rows which others lock too, in an order that holds for one call.
    """

    def register(handler: Handler[E]) -> Handler[E]:
        subscriptions.add(Subscription(group, event_class, handler, alone=alone))
        return handler

    return register


def subscribe_batch(
    event_class: type[E], *, group: str, alone: bool = False
) -> Callable[[BatchHandler[E]], BatchHandler[E]]:
    """Like `subscribe`, for a handler that takes many events at once, to do for all of them what one statement can do.

    It gets what has come together: one event or many, at most `CONSUMER_BATCH_SIZE`, of one key in order. Where it
    raises, its writes are undone and it is called again with each event alone, so that the bad one is found and no
    other waits: what it does outside of the database it then does again. With several events `incoming_message()` is
    None, `incoming_messages()` are theirs in order, and what it publishes belongs to none of their conversations.
    `alone` is as for `subscribe`; what came one after the other is one call still.
    """

    def register(handler: BatchHandler[E]) -> BatchHandler[E]:
        subscriptions.add(Subscription(group, event_class, handler, batch=True, alone=alone))
        return handler

    return register
