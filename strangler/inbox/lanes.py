"""Lanes handle: a key always goes to the same one, so that its messages stay in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from queue import Empty, Queue, SimpleQueue
from threading import Event, Thread
from typing import Protocol
from zlib import crc32

from django.db import connections

from strangler.brokers import Delivery
from strangler.inbox.handling import GroupHandling
from strangler.inbox.incoming import Incoming
from strangler.inbox.retrying import retry_one


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a lane says of a batch: it may be acknowledged, or the lane failed and nothing more can be said."""

    deliveries: Sequence[Delivery]
    error: BaseException | None = None


class Runner(Protocol):
    """What a session starts and ends."""

    def start(self) -> None: ...

    def finish(self) -> None:
        """Handle what was given, then end; does not wait for it."""
        ...

    def join(self) -> None: ...


class Lane(Runner, Protocol):
    def give(self, messages: Sequence[Incoming]) -> None: ...


class ThreadLane(Thread):
    """Handles what it is given, in order, in batches of what has come together meanwhile."""

    def __init__(self, handling: GroupHandling, outcomes: Queue[Outcome], *, batch_size: int) -> None:
        super().__init__(name=f"{handling.group}-lane", daemon=True)
        self._handling = handling
        self._outcomes = outcomes
        self._batch_size = batch_size
        self._inbox: SimpleQueue[Incoming | None] = SimpleQueue()

    def give(self, messages: Sequence[Incoming]) -> None:
        for message in messages:
            self._inbox.put(message)

    def finish(self) -> None:
        self._inbox.put(None)

    def run(self) -> None:
        try:
            while (first := self._inbox.get()) is not None:
                batch, last = self._and_what_waits(first)
                self._handling.handle(batch)
                self._outcomes.put(Outcome([message.delivery for message in batch]))
                if last:
                    return
        except BaseException as error:  # noqa: BLE001  (the consumer's thread raises it)
            self._outcomes.put(Outcome((), error))
        finally:
            connections.close_all()

    def _and_what_waits(self, first: Incoming) -> tuple[list[Incoming], bool]:
        batch = [first]
        while len(batch) < self._batch_size:
            try:
                following = self._inbox.get_nowait()
            except Empty:
                break
            if following is None:
                return batch, True
            batch.append(following)
        return batch, False


class RetryLane(Thread):
    """Works off parked messages beside the lanes, looking for due ones every `poll_interval` seconds."""

    def __init__(self, handling: GroupHandling, outcomes: Queue[Outcome], *, poll_interval: float) -> None:
        super().__init__(name=f"{handling.group}-retries", daemon=True)
        self._handling = handling
        self._outcomes = outcomes
        self._poll_interval = poll_interval
        self._ending = Event()

    def finish(self) -> None:
        self._ending.set()

    def run(self) -> None:
        try:
            while not self._ending.is_set():
                if not retry_one(self._handling):
                    self._ending.wait(self._poll_interval)
        except BaseException as error:  # noqa: BLE001  (the consumer's thread raises it)
            self._outcomes.put(Outcome((), error))
        finally:
            connections.close_all()


def place_of_thread(key: str, count: int) -> int:
    return crc32(key.encode()) % count


def place_of_process(key: str, count: int) -> int:
    """By other bits, or the keys of one process would share out badly over its threads."""
    return (crc32(key.encode()) >> 16) % count
