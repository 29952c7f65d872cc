"""System checks: what could not be appended, read back or projected is refused before anything happens."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.core import checks

from strangler.apps import is_owned
from strangler.eventstore.declaring import EventStream
from strangler.eventstore.projecting import Projection
from strangler.eventstore.registry import projections, streams
from strangler.messaging import Event, EventKind, registry
from strangler.messaging.upcasters import oldest_readable

_NAME = re.compile(r"[a-z][a-z0-9_]{0,126}")
Problem = tuple[str, str, str]


@checks.register("strangler")
def check_apps(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[checks.CheckMessage]:
    """E500: what streams and projections need."""
    if apps.is_installed("strangler.outbox"):
        return []
    text = '"strangler.eventstore" is in INSTALLED_APPS without strangler.outbox'
    return [checks.Error(text, hint='Add "strangler.outbox".', id="strangler.E500")]


@checks.register("strangler")
def check_streams(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[checks.CheckMessage]:
    """E501 names, E502 the state, E503 its events, E504 versions without an upcaster."""
    count = Counter(stream.category for stream in streams)
    return [
        checks.Error(f"stream {stream.category!r} in {stream.module}: {text}", hint=hint, id=f"strangler.{id}")
        for stream in streams
        for id, text, hint in (*_names(stream, count), *_state(stream), *_events(stream))
    ]


@checks.register("strangler")
def check_projections(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[checks.CheckMessage]:
    """E505: names and streams of projections."""
    count = Counter(projection.name for projection in projections)
    return [
        checks.Error(f"projection {projection.name!r} in {projection.module}: {text}", hint=hint, id="strangler.E505")
        for projection in projections
        for text, hint in _of_projection(projection, count)
    ]


def _names(stream: EventStream[Any], count: Counter[str]) -> Iterator[Problem]:
    if count[stream.category] > 1:
        yield "E501", "another stream has the same category", "Rename one: events are found by it."
    if not _NAME.fullmatch(stream.category):
        yield "E501", "the category is no name", "Lower case letters, digits and _, at most 127, such as payment."


def _state(stream: EventStream[Any]) -> Iterator[Problem]:
    if not stream.state.model_config.get("frozen"):
        name, hint = stream.state.__name__, "Give it model_config = ConfigDict(frozen=True): evolve returns a new one."
        yield "E502", f"{name} is not frozen", hint
    needed = [name for name, field in stream.state.model_fields.items() if field.is_required()]
    if needed:
        hint = "Before the first event there is nothing else to make a state of."
        yield "E502", f"{', '.join(needed)} of {stream.state.__name__} has no default", hint
    if stream.snapshot_every < 0:
        yield "E502", f"snapshot_every={stream.snapshot_every}", "Give a number of events, or 0 for no snapshots."


def _events(stream: EventStream[Any]) -> Iterator[Problem]:
    if not stream.events:
        yield "E503", "it has no events", "Give it events=(…,)."
    for event_type, times in Counter(event.event_type for event in stream.events).items():
        if times > 1:
            yield "E503", f"{times} classes are of {event_type or 'no type'}", "Keep the one of the newest version."
    for event in stream.events:
        yield from _of_event(event)


def _of_event(event: type[Event]) -> Iterator[Problem]:
    name = event.__qualname__
    if not event.event_type:
        yield "E503", f"{name} declares no type=", "It is a base class: list concrete events."
        return
    if event.kind is not EventKind.DOMAIN:
        yield "E503", f"{name} is an {event.kind} event", 'Declare it with kind="domain": streams are nobody else\'s.'
    if not is_owned(event):
        hint = f"Declare stream and event in the app labelled {event.owner!r}."
        yield "E503", f"{name} is {event.event_type!r}, which is not of the app that declares it", hint
    newer = [known.version for known in registry if known.event_type == event.event_type and is_owned(known)]
    if max(newer, default=0) > event.version:
        yield "E503", f"{name} is version {event.version} of {event.event_type}", f"List that of v{max(newer)}."
    oldest = oldest_readable(event.event_type, event.version)
    if oldest > 1:
        hint = f'Register one with @upcaster("{event.event_type}", from_version={oldest - 1}).'
        yield "E504", f"no upcaster leads from {event.event_type}.v{oldest - 1} to v{oldest}", hint


def _of_projection(projection: Projection, count: Counter[str]) -> Iterator[tuple[str, str]]:
    if count[projection.name] > 1:
        yield "another projection has the same name", "Rename one: checkpoints are found by it."
    if not _NAME.fullmatch(projection.name):
        yield "it has no sound name", "Lower case letters, digits and _, at most 127, such as ledger."
    if not projection.categories:
        yield "it has no streams", "Give it streams=(…,), or streams=all_streams."
