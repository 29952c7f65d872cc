"""From `on_commit(task.delay)` to events, without rewriting the tasks: one event becomes one task.

A callback of `on_commit` runs after the commit and outside of it: a process that dies in between, or a broker that is
away, loses the task for ever. An event is in the commit; a handler that sends the task runs until it has been sent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from strangler.errors import InboxError
from strangler.inbox.subscriptions import subscribe
from strangler.messaging import Event, incoming_message

E = TypeVar("E", bound=Event)


class Task(Protocol):
    """A Celery task, or what is called like one."""

    name: str

    def apply_async(self, args: Sequence[Any], *, task_id: str) -> Any: ...


def send_task(event_class: type[E], task: Task, *, group: str, arguments: Callable[[E], Sequence[Any]]) -> None:
    """Send `task` with `arguments(event)` for every event of the class; for the `handlers.py` of an installed app.

    The task's id is the message's: sent again, after a crash for one, it is recognisably the same. So tasks arrive at
    least once, as they always did; make them idempotent. On RabbitMQ Celery waits for the broker's confirmation only
    with `broker_transport_options = {"confirm_publish": True}`: set it, or a broker that dies can still lose one.
    """

    def send(event: E) -> None:
        message = incoming_message()
        if message is None:
            raise InboxError(f"the handler that sends {task.name} was called outside of a consumer")
        task.apply_async(arguments(event), task_id=str(message.id))

    send.__module__, _, send.__qualname__ = task.name.rpartition(".")
    subscribe(event_class, group=group)(send)
