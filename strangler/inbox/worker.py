"""What a worker process runs: a session like any other, whose broker is the parent at the other end of a pipe."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection

import django

from strangler.brokers import Delivery
from strangler.brokers.closing import ClosingBase
from strangler.inbox.handling import GroupHandling, RetryPolicy
from strangler.inbox.session import Session, Sizes, in_threads
from strangler.inbox.subscriptions import subscriptions
from strangler.outages import OUTAGES


@dataclass(frozen=True, slots=True)
class Task:
    """From parent to worker: `number` is what the worker says when it is done."""

    number: int
    body: bytes
    redelivered: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """From worker to parent, its last words. `outage`: nobody's fault, try again later."""

    text: str
    outage: bool


class PipeSubscriber(ClosingBase):
    """The parent as a broker: it gives tasks, and `None` after the last one."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self.ended = False

    def receive(self, timeout: float) -> Sequence[Delivery]:
        deliveries: list[Delivery] = []
        try:
            while not self.ended and self._pipe.poll(0 if deliveries else timeout):
                deliveries += self._next()
        except (EOFError, ConnectionError):
            _die_with_the_parent()
        return deliveries

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        try:
            self._pipe.send([delivery.tag for delivery in deliveries])
        except ConnectionError:
            _die_with_the_parent()

    def close(self) -> None:
        self._pipe.close()

    def _next(self) -> list[Delivery]:
        tasks: list[Task] | None = self._pipe.recv()
        if tasks is None:
            self.ended = True
            return []
        return [Delivery(task.body, task.redelivered, task.number) for task in tasks]


def run(pipe: Connection, group: str, using: str, policy: RetryPolicy, sizes: Sizes) -> None:
    """The main function of the process. It obeys the parent alone: a stop by signal is the parent's to organise."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    with PipeSubscriber(pipe) as subscriber:
        try:
            django.setup()
            handling = GroupHandling(group, subscriptions.of_group(group), using=using, policy=policy)
            _handle(subscriber, in_threads(subscriber, handling, sizes))
        except BaseException as error:  # noqa: BLE001  (the parent raises it)
            pipe.send(Failure("".join(traceback.format_exception(error)), isinstance(error, OUTAGES)))


def _handle(subscriber: PipeSubscriber, session: Session) -> None:
    try:
        while not subscriber.ended:
            session.step()
        session.settle_all()
    finally:
        session.close()


def _die_with_the_parent() -> None:
    """Nobody hears what we would acknowledge, and a successor has our messages: what is not committed is theirs."""
    os._exit(1)
