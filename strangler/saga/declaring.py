"""What a saga is made of: its steps, what undoes each of them, and which events answer it. No database here."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel

from strangler.errors import SagaOutdated
from strangler.messaging import Event
from strangler.saga import packing
from strangler.saga.registry import sagas

if TYPE_CHECKING:
    from strangler.saga.models import SagaInstance

D = TypeVar("D", bound=BaseModel)

ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Waiting(Generic[D]):
    """What `run` returns where an event will answer. Made by `waiting()`."""

    data: D | None = None


def waiting(data: D | None = None) -> Waiting[D]:
    """For `run`: the step is not done yet, an event will say so. `data` is a changed copy to remember meanwhile."""
    return Waiting(data)


@dataclass(frozen=True, kw_only=True)
class _Answers(Generic[D]):
    """What a step may say besides its name and its function."""

    undo: Callable[[D], D | None] | None = None
    done: type[Event] | None = None
    refused: type[Event] | None = None
    refusals: tuple[type[Exception], ...] = ()
    within: timedelta | None = None
    attempts: int = ATTEMPTS
    correlate: Callable[[Any], object] | None = None
    on_done: Callable[[D, Any], D | None] | None = None
    on_refused: Callable[[D, Any], D | None] | None = None


@dataclass(frozen=True)
class Step(_Answers[D]):
    """One transaction of the undertaking, here or in another service.

    `run(data)` works in the saga's transaction. It returns None or a changed copy of the data when it is done,
    `waiting()` when an event will answer: `done` or `refused`, in the time `within`; otherwise it is called again, up
    to `attempts` times in all, and then the step counts as refused. `refusals` are exceptions of `run` that mean the
    same as `refused`. Any other exception is tried again, as often, and then a person is asked.

    `undo(data)` takes back what `run` did. It is also called where nobody knows whether `run` did anything, and may be
    called twice: it must be able to undo nothing.

    `on_done(data, event)` and `on_refused(data, refusal)` return a changed copy of the data, or None. A refusal is the
    event, the exception, or `NoAnswer`. `correlate(event)` says for which key an event is an answer to this step, None
    for one that is none; by default every event of the type is one, for its own `key`.
    """

    name: str
    run: Callable[[D], D | Waiting[D] | None]

    def answers(self) -> list[type[Event]]:
        return [event for event in (self.done, self.refused) if event is not None]

    @property
    def can_wait(self) -> bool:
        return self.done is not None and self.within is not None

    def is_done_by(self, event_type: str) -> bool:
        return self.done is not None and self.done.event_type == event_type

    def class_of(self, event_type: str) -> type[Event]:
        """Raises `SagaOutdated` where it takes no such answer any more."""
        for answer in self.answers():
            if answer.event_type == event_type:
                return answer
        raise SagaOutdated(f"step {self.name!r} takes no {event_type} any more: deploy code that does and resume")


class Saga(Generic[D]):
    """Declare one in the `sagas.py` of an installed app; `name` is also the consumer group of its answers.

    `key` is the field of the data that tells instances apart. `compensated(data)` is called when everything is undone,
    in the same transaction. `correlate` is that of all steps that have none of their own.
    """

    def __init__(
        self,
        name: str,
        *,
        data: type[D],
        key: str,
        steps: tuple[Step[D], ...],
        compensated: Callable[[D], D | None] | None = None,
        correlate: Callable[[Any], object] | None = None,
    ) -> None:
        self.name = name
        self.data = data
        self.key = key
        self.steps = steps
        self.compensated = compensated
        self.correlate = correlate
        self.module = sys._getframe(1).f_globals.get("__name__", "")
        sagas.add(self)

    def start(self, data: D) -> SagaInstance:
        """Run steps until one has to wait for an answer, in the transaction in force, which is the caller's.

        Whatever a step raises comes out of here: let it roll back the transaction, and nothing has happened. Raises
        `NotInTransaction`, and `SagaAlreadyRunning` where an instance with this key has not ended.
        """
        from strangler.saga.starting import start  # it needs the app registry

        return start(self, data)

    def postpone(self, key: object, until: datetime, *, step: str) -> bool:
        """The deadline of a `step` that waits for its answer becomes `until`, if that is later; attempts count as ever.

        For who learns that the answer takes longer: the service says so, say. False where the instance does not wait
        for that step, or for so long already. Raises `SagaOutdated` for a step that the saga has not, and `SagaError`
        for a time without a zone.
        """
        from strangler.saga.postponing import postpone  # it needs the app registry

        return postpone(self, key, until, step=step)

    def step(self, name: str) -> Step[D]:
        """Raises `SagaOutdated` where the code has no such step any more."""
        for step in self.steps:
            if step.name == name:
                return step
        raise SagaOutdated(
            f"saga {self.name!r} has no step {name!r} any more (steps: {', '.join(step.name for step in self.steps)}): "
            "deploy code that has it and resume, or have the instance compensated"
        )

    def after(self, step: Step[D]) -> str:
        """The name of the next step; empty after the last one."""
        place = self.steps.index(step) + 1
        return self.steps[place].name if place < len(self.steps) else ""

    def asked_by(self, event: Event) -> list[tuple[Step[D], str]]:
        """The steps that `event` answers, and for which key."""
        steps = [step for step in self.steps if any(answer.event_type == event.event_type for answer in step.answers())]
        keys = [(step, self._key_for(step, event)) for step in steps]
        return [(step, str(key)) for step, key in keys if key is not None]

    def key_of(self, data: D) -> str:
        return str(getattr(data, self.key))

    def pack(self, data: D, *, key: str | None = None) -> dict[str, Any]:
        """As JSON has it. Raises `SagaError` for what would not come back, or would belong to another `key`."""
        return packing.pack(data, self.data, owner=self.name, key_field=self.key, key=key)

    def unpack(self, packed: dict[str, Any]) -> D:
        """Raises `SagaOutdated` naming each field that does not fit any more."""
        return packing.unpack(packed, self.data, owner=self.name)

    def _key_for(self, step: Step[D], event: Event) -> object:
        correlate = step.correlate or self.correlate
        return correlate(event) if correlate else event.aggregate_id
