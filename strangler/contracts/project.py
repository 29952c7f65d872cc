"""What the code of this project says: the events that it owns, and what its handlers need of which event."""

from __future__ import annotations

from typing import Any

from strangler.apps import is_owned
from strangler.conf import settings
from strangler.contracts.examples import example_of
from strangler.contracts.files import published
from strangler.contracts.language import EVENT, NEED, Language, Need, Published
from strangler.inbox.subscriptions import Subscription, subscriptions
from strangler.messaging import Event, EventKind, registry
from strangler.messaging.contracts import DIALECT, plain_schema, schema_of
from strangler.messaging.upcasters import oldest_readable


def language_here() -> Language:
    """Events of other kinds than integration events stay inside their context: they are nobody's contract."""
    owned = [event for event in registry if event.kind is EventKind.INTEGRATION and is_owned(event)]
    return Language([event_published(event) for event in owned], [need_of(each) for each in subscriptions])


def event_published(event: type[Event]) -> Published:
    """Raises `ContractError` where no example of it can be made up."""
    schema = schema_of(event)
    said = {
        "type": event.event_type,
        "version": event.version,
        "owner": event.owner,
        "source": settings.source,
        "topic": event.aggregate_type,
        "key": event.key_field,
    }
    head = {key: schema.pop(key) for key in ("$schema", "$id")}
    whole = {**head, EVENT: said, **schema, "examples": [example_of(event)]}
    return published(event.event_type, event.version, whole)


def need_of(subscription: Subscription) -> Need:
    """The reader's own class is what it needs: a tolerant reader declares no more."""
    event = subscription.event_class
    said: dict[str, Any] = {
        "group": subscription.group,
        "source": settings.source,
        "handler": subscription.handler_name,
        "type": event.event_type,
        "version": event.version,
        "oldest": oldest_readable(event.event_type, event.version),
    }
    schema = {"$schema": DIALECT, NEED: said, **plain_schema(event, "validation")}
    return Need(**said, schema=schema)
