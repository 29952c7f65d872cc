"""System checks: a saga that could never be answered, told apart or undone is refused before it runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import combinations
from typing import Any

from django.apps import AppConfig, apps
from django.core import checks

from strangler.brokers.names import queue_name
from strangler.errors import ConfigurationError
from strangler.saga.declaring import Saga, Step
from strangler.saga.registry import sagas

MAX_NAME = 127


@checks.register("strangler")
def check_apps(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[checks.CheckMessage]:
    """E400: sagas are answered through the inbox and ask through the outbox."""
    missing = [app for app in ("strangler.outbox", "strangler.inbox") if not apps.is_installed(app)]
    text = '"strangler.saga" is in INSTALLED_APPS without {}'
    return [checks.Error(text.format(app), hint=f'Add "{app}".', id="strangler.E400") for app in missing]


@checks.register("strangler")
def check_sagas(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[checks.CheckMessage]:
    """E401 names, E402 steps, E403 the key, E404 how a step is answered, E405 which step an event answers."""
    names = Counter(saga.name for saga in sagas)
    found: list[checks.CheckMessage] = []
    for saga in sagas:
        problems = [*_names(saga, names), *_steps(saga), *_key(saga), *_answers(saga), *_shared_answers(saga)]
        where = f"saga {saga.name!r} in {saga.module}"
        found += [checks.Error(f"{where}: {text}", hint=hint, id=f"strangler.{id}") for id, text, hint in problems]
    return found


Problem = tuple[str, str, str]


def _names(saga: Saga[Any], names: Counter[str]) -> Iterator[Problem]:
    if names[saga.name] > 1:
        yield "E401", "another saga has the same name", "Rename one: instances and answers are found by it."
    try:
        queue_name("events", saga.name)
    except ConfigurationError as error:
        yield "E401", str(error), "The name is the consumer group of its answers."
    if len(saga.name) > MAX_NAME:
        yield "E401", f"the name has more than {MAX_NAME} characters", "Shorten it."


def _steps(saga: Saga[Any]) -> Iterator[Problem]:
    if not saga.steps:
        yield "E402", "it has no steps", "Give it steps=(Step(…), …)."
    for name, count in Counter(step.name for step in saga.steps).items():
        if count > 1:
            yield "E402", f"{count} steps are called {name!r}", "Rename them: running instances are found by step."
        if not 0 < len(name) <= MAX_NAME:
            yield "E402", f"step name {name!r} is not 1 to {MAX_NAME} characters", "Rename it."


def _key(saga: Saga[Any]) -> Iterator[Problem]:
    fields = saga.data.model_fields
    if saga.key not in fields:
        yield "E403", f"key={saga.key!r} is no field of {saga.data.__name__}", f"Name one of: {', '.join(fields)}."


def _answers(saga: Saga[Any]) -> Iterator[Problem]:
    for step in saga.steps:
        for text, hint in _of_one(step):
            yield "E404", f"step {step.name!r} {text}", hint


def _of_one(step: Step[Any]) -> Iterator[tuple[str, str]]:
    if step.attempts < 1:
        yield f"has attempts={step.attempts}", "Give a whole number from 1."
    if step.within is not None and step.within <= timedelta():
        yield f"has within={step.within}", "Give a time that can pass."
    if step.done is not None and step.within is None:
        yield "waits for done= for ever", "Say within=timedelta(…): how long an answer may take."
    if step.done is None:
        for name in ("within", "refused", "on_done", "correlate"):
            if getattr(step, name) is not None:
                yield f"has {name}=, but no done=", f"Say which event says done, or leave {name}= out."
    if step.done is not None and step.refused is not None and step.done.event_type == step.refused.event_type:
        yield f"takes {step.done.event_type} for both done= and refused=", "Publish two events: they mean the opposite."
    if step.on_refused is not None and step.done is None and not step.refusals:
        yield "has on_refused=, but nothing refuses it", "Say refusals=, or leave on_refused= out."


def _shared_answers(saga: Saga[Any]) -> Iterator[Problem]:
    """One event type for several steps: only a function can say which of them an event is about."""
    for one, other in combinations(saga.steps, 2):
        shared = {a.event_type for a in one.answers()} & {a.event_type for a in other.answers()}
        if shared and (one.correlate is None or other.correlate is None):
            text = f"{', '.join(sorted(shared))} answers both step {one.name!r} and step {other.name!r}"
            yield "E405", text, "Give each a correlate= that returns None for what is the other's."
