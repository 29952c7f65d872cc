"""Which events of a context a consumer group takes: nothing else is told to it, or it would be refused and wait."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from strangler.apps import is_owned
from strangler.brokers import connect
from strangler.brokers.names import bad_routing_key, is_routing_key, queue_name
from strangler.conf import settings
from strangler.errors import BackfillError, ConfigurationError
from strangler.messaging import Event, registry
from strangler.messaging.routing import routing_key


@dataclass(frozen=True, slots=True)
class Audience:
    """`types` are those of the context's events that the group takes; at least one."""

    group: str
    context: str
    types: frozenset[str]

    def chosen(self, events: Iterable[Event]) -> Iterator[Event]:
        """Raises `BackfillError` for what is no event of the context."""
        for event in events:
            if not isinstance(event, Event):
                raise BackfillError(f"a backfill of {self.context} told {event!r}: it takes events")
            if event.owner != self.context:
                raise BackfillError(
                    f"a backfill of {self.context} told {event.event_type}: it tells its own events and no others"
                )
            if event.event_type in self.types:
                yield event


def audience_of(group: str, context: str) -> Audience:
    """Asks the broker. Raises `BackfillError`, also where the group takes nothing of the context."""
    audience = asked(group, context)
    if audience is None:
        raise BackfillError(
            f"consumer group {group!r} takes no event of {context} that is told to it alone: first declare its queue, "
            f"where its handlers are (`manage.py consume --group {group} --declare`); one that is older than backfills "
            "are is declared again in the same way"
        )
    return audience


def asked(group: str, context: str) -> Audience | None:
    """None where the group takes nothing of the context, or was never declared."""
    if settings.relay == "none":
        raise ConfigurationError('STRANGLER["RELAY"] is "none": nobody would carry what a backfill tells')
    queue_name(settings.exchange, group)
    keys = _routing_keys(group, context)
    taken = connect(settings.broker_url, exchange=settings.exchange).takes(group, sorted(keys))
    return Audience(group, context, frozenset(keys[key] for key in taken)) if taken else None


def _routing_keys(group: str, context: str) -> dict[str, str]:
    """Of all that the context may tell, to the type of event."""
    types = {event.event_type for event in registry if event.owner == context and is_owned(event)}
    if not types:
        raise BackfillError(f"there is no event of {context!r} here that could be told: only its owner tells it")
    keys = {routing_key(event_type, backfill=group): event_type for event_type in types}
    for key in keys:
        if not is_routing_key(key):
            raise BackfillError(f"{context} cannot be told to consumer group {group!r}: {bad_routing_key(key)}")
    return keys
