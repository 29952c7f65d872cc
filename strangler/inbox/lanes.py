"""Threads that handle: a key always goes to the same lane, so that its messages stay in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from queue import Empty, Queue, SimpleQueue
from threading import Event, Thread
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


class Lane(Thread):
    """Handles what it is given, in order, in batches of what has come together meanwhile."""

    def __init__(self, handling: GroupHandling, outcomes: Queue[Outcome], *, batch_size: int) -> None:
        super().__init__(name=f"{handling.group}-lane", daemon=True)
        self._handling = handling
        self._outcomes = outcomes
        self._batch_size = batch_size
        self._inbox: SimpleQueue[Incoming | None] = SimpleQueue()

    def give(self, message: Incoming) -> None:
        self._inbox.put(message)

    def finish(self) -> None:
        """Handle what was given, then end."""
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


def lane_for(message: Incoming, lanes: Sequence[Lane]) -> Lane:
    return lanes[crc32(message.key.encode()) % len(lanes)]
