"""Where does an event come from, where does it go: event → owner → topic → consumer groups → handlers, from code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.apps import apps

from strangler.inbox.subscriptions import Subscription
from strangler.messaging import Event, EventKind

HANDLED_ELSEWHERE = "handled by no group of this project"


@dataclass(frozen=True, slots=True)
class Route:
    """One version of one event, as this project knows it. `owned`: it is published here, by the context it names."""

    type: str
    owner: str
    topic: str
    owned: bool
    consumers: tuple[tuple[str, str], ...]


def topology(events: Iterable[type[Event]], subscriptions: Iterable[Subscription]) -> list[Route]:
    """Of the events that an installed app declares; `consumers` are pairs of group and handler.

    Domain events stay inside their context: they are left out.
    """
    handlers: dict[str, list[tuple[str, str]]] = {}
    for subscription in subscriptions:
        place = handlers.setdefault(subscription.event_class.wire_type(), [])
        place.append((subscription.group, subscription.handler_name))
    routes: dict[str, Route] = {}
    for event in events:
        app = apps.get_containing_app_config(event.__module__)
        if app is None or event.kind is EventKind.DOMAIN:
            continue
        wire_type = event.wire_type()
        owned = app.label == event.owner or (wire_type in routes and routes[wire_type].owned)
        consumers = tuple(sorted(handlers.get(wire_type, [])))
        routes[wire_type] = Route(wire_type, event.owner, event.aggregate_type, owned, consumers)
    return [routes[name] for name in sorted(routes)]
