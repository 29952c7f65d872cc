"""Every saga of this process, and its subscription to what answers it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from strangler.errors import SagaError
from strangler.inbox.subscriptions import Subscription, subscriptions
from strangler.messaging import Event

if TYPE_CHECKING:
    from strangler.saga.declaring import Saga


class Sagas:
    """Of several with one name the first counts; a system check says so.

    Each answer is taken in a transaction of its own: the steps that follow it lock rows as the project's other code
    does, and two instances in one transaction would lock them in an order that nobody else does.
    """

    def __init__(self) -> None:
        self._all: list[Saga[Any]] = []
        self._by_name: dict[str, Saga[Any]] = {}

    def add(self, saga: Saga[Any]) -> None:
        """Raises `InboxError` where a handler of group `saga.name` takes one of its answers already."""
        self._all.append(saga)
        if self._by_name.setdefault(saga.name, saga) is saga:
            for event_class in {answer.event_type: answer for step in saga.steps for answer in step.answers()}.values():
                subscriptions.add(Subscription(saga.name, event_class, _handler(saga), alone=True))

    def find(self, name: str) -> Saga[Any]:
        """Raises `SagaError`."""
        if name not in self._by_name:
            known = ", ".join(self.names()) or "none: is there a sagas.py in an installed app?"
            raise SagaError(f"there is no saga {name!r} here (known: {known})")
        return self._by_name[name]

    def names(self) -> list[str]:
        return sorted(self._by_name)

    def __iter__(self) -> Iterator[Saga[Any]]:
        return iter(self._all)


def _handler(saga: Saga[Any]) -> Any:
    def take(event: Event) -> None:
        from strangler.saga.answering import take_answer  # it needs the app registry

        take_answer(saga, event)

    take.__module__, take.__qualname__ = saga.module, saga.name
    return take


sagas = Sagas()
