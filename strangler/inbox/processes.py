"""Lanes that are processes, for handlers that keep a core busy: the parent talks to the broker, workers handle."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from itertools import count
from queue import Queue
from threading import Thread

from django.db import connections

from strangler.brokers import Delivery, Subscriber
from strangler.errors import ConfigurationError, WorkerDied, WorkerFailed
from strangler.inbox import worker
from strangler.inbox.handling import GroupHandling
from strangler.inbox.incoming import Incoming
from strangler.inbox.lanes import Outcome, place_of_process
from strangler.inbox.session import Session, Sizes
from strangler.inbox.worker import Failure, Task


class ProcessLane:
    """Hands messages to a worker process, and says what it says of them.

    A new interpreter, not a fork: the parent has threads and connections that a child must not have.
    """

    def __init__(self, handling: GroupHandling, outcomes: Queue[Outcome], sizes: Sizes) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, self._workers_end = context.Pipe()
        self._outcomes = outcomes
        self._numbers = count()
        self._out: dict[int, Delivery] = {}
        self._finishing = False
        arguments = self._workers_end, handling.group, handling.using, handling.policy, sizes
        self._process = context.Process(target=worker.run, args=arguments, name=f"{handling.group}-worker")
        self._listener = Thread(target=self._listen, name=f"{handling.group}-listener", daemon=True)

    def start(self) -> None:
        self._process.start()
        self._workers_end.close()  # or its end would never be seen
        self._listener.start()

    def give(self, messages: Sequence[Incoming]) -> None:
        """Raises `WorkerDied`."""
        tasks: list[Task] = []
        for message in messages:
            number = next(self._numbers)
            self._out[number] = message.delivery
            tasks.append(Task(number, message.delivery.body, message.redelivered))
        self._send(tasks)

    def finish(self) -> None:
        self._finishing = True
        try:
            self._send(None)
        except WorkerDied:
            return  # there is nothing left to finish

    def join(self) -> None:
        self._listener.join()
        self._process.join()
        self._pipe.close()

    def _send(self, tasks: list[Task] | None) -> None:
        try:
            self._pipe.send(tasks)
        except ConnectionError as error:
            raise WorkerDied(f"worker process {self._process.pid} takes no more messages") from error

    def _listen(self) -> None:
        """Until the worker ends, whatever its end."""
        try:
            while True:
                said: list[int] | Failure = self._pipe.recv()
                if isinstance(said, Failure):
                    self._outcomes.put(Outcome((), _error_of(said)))
                else:
                    self._outcomes.put(Outcome([self._out.pop(number) for number in said]))
        except (EOFError, ConnectionError):
            if self._out or not self._finishing:
                self._process.join()
                last = f"worker process {self._process.pid} ended with exit code {self._process.exitcode}"
                self._outcomes.put(Outcome((), WorkerDied(last)))


def in_processes(subscriber: Subscriber, handling: GroupHandling, sizes: Sizes, processes: int) -> Session:
    """Raises Django's `OperationalError` where the database is away: no worker could begin."""
    if "DJANGO_SETTINGS_MODULE" not in os.environ:
        raise ConfigurationError(
            'STRANGLER["CONSUMER_PROCESSES"] above 1 starts processes that read DJANGO_SETTINGS_MODULE: set it in the '
            "environment; settings.configure() reaches this process alone"
        )
    connections[handling.using].ensure_connection()
    connections[handling.using].close()
    outcomes: Queue[Outcome] = Queue()
    lanes = [ProcessLane(handling, outcomes, sizes) for _ in range(processes)]
    return Session(subscriber, outcomes, lanes, place=place_of_process, prefetch=sizes.prefetch)


def _error_of(failure: Failure) -> Exception:
    return WorkerDied(failure.text) if failure.outage else WorkerFailed(failure.text)
