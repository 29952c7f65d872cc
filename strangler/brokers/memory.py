"""A broker inside this process, for tests: it keeps the ports' promises as long as the process lives.

kombu's memory transport was tried first: it drops what no queue takes instead of refusing it, and lets several
consumers of one queue work side by side.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from strangler.brokers.base import Delivery, OutgoingMessage, Receipt
from strangler.brokers.closing import ClosingBase
from strangler.brokers.names import bad_routing_key, checked_routing_keys, is_routing_key, queue_name
from strangler.brokers.settling import Settling, unroutable
from strangler.errors import BrokerUnavailable


@dataclass(eq=False)
class _Message:
    body: bytes
    delivered: bool = False


@dataclass(eq=False)
class _Queue:
    waiting: deque[_Message] = field(default_factory=deque)
    bindings: frozenset[str] = frozenset()
    holder: MemorySubscriber | None = None


class _Exchange:
    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.queues: dict[str, _Queue] = {}


@dataclass(eq=False)
class _Line:
    """What the connections of one `MemoryBroker` share."""

    exchange: _Exchange
    outages: int = 0  # a connection made before the last one is broken


_exchanges: dict[tuple[str, str], _Exchange] = {}
_lock = threading.Lock()


def _exchange(url: str, name: str) -> _Exchange:
    with _lock:
        return _exchanges.setdefault((urlsplit(url).netloc, name), _Exchange())


class MemoryBroker:
    """`memory://<name>`: every broker of that name in this process is the same one."""

    def __init__(self, url: str, exchange: str) -> None:
        self._name = exchange
        self._exchange = _exchange(url, exchange)
        self._line = _Line(self._exchange)

    def declare(self, group: str, routing_keys: Sequence[str]) -> None:
        name, bindings = queue_name(self._name, group), frozenset(checked_routing_keys(group, routing_keys))
        with self._exchange.changed:
            self._exchange.queues.setdefault(name, _Queue()).bindings = bindings

    def backlog(self, group: str, _: Sequence[str]) -> int:
        with self._exchange.changed:
            queue = self._exchange.queues.get(queue_name(self._name, group), _Queue())
            return len(queue.waiting)

    def takes(self, group: str, routing_keys: Sequence[str]) -> frozenset[str]:
        with self._exchange.changed:
            queue = self._exchange.queues.get(queue_name(self._name, group), _Queue())
            return queue.bindings.intersection(routing_keys)

    def publisher(self) -> MemoryPublisher:
        return MemoryPublisher(self._line)

    def subscriber(self, group: str, routing_keys: Sequence[str], *, prefetch: int) -> MemorySubscriber:
        self.declare(group, routing_keys)
        return MemorySubscriber(self._line, self._exchange.queues[queue_name(self._name, group)], prefetch)

    def cut_connections(self) -> None:
        """As a network failure does: each of its publishers and subscribers raises `BrokerUnavailable` once."""
        with self._exchange.changed:
            self._line.outages += 1
            for queue in self._exchange.queues.values():
                if queue.holder is not None and queue.holder.is_cut:
                    queue.holder.give_back()
            self._exchange.changed.notify_all()


class _Connection(ClosingBase):
    def __init__(self, line: _Line) -> None:
        self._line = line
        self._exchange = line.exchange
        self._outages = line.outages

    @property
    def is_cut(self) -> bool:
        return self._outages != self._line.outages

    def _check(self) -> None:
        if self.is_cut:
            self._outages = self._line.outages
            raise BrokerUnavailable("the connection to the memory broker was cut")


class MemoryPublisher(_Connection):
    def publish(self, messages: Sequence[OutgoingMessage]) -> Receipt:
        settling = Settling()
        with self._exchange.changed:
            self._check()
            for message in messages:
                if not settling.holds_back(message):
                    self._publish_one(message, settling)
            self._exchange.changed.notify_all()
        return settling.receipt()

    def _publish_one(self, message: OutgoingMessage, settling: Settling) -> None:
        if not is_routing_key(message.routing_key):
            settling.refuse(message, bad_routing_key(message.routing_key))
            return
        queues = [queue for queue in self._exchange.queues.values() if message.routing_key in queue.bindings]
        if message.mandatory and not queues:
            settling.refuse(message, unroutable(message.routing_key))
            return
        for queue in queues:
            queue.waiting.append(_Message(message.body))
        settling.confirm(message)

    def close(self) -> None:
        """Nothing is held."""


class MemorySubscriber(_Connection):
    def __init__(self, line: _Line, queue: _Queue, prefetch: int) -> None:
        super().__init__(line)
        self._queue = queue
        self._prefetch = prefetch
        self._out: list[_Message] = []

    def receive(self, timeout: float) -> Sequence[Delivery]:
        with self._exchange.changed:
            self._check()
            self._exchange.changed.wait_for(self._may_take, timeout)
            self._check()
            if not self._may_take():
                return []
            free = min(self._prefetch - len(self._out), len(self._queue.waiting))
            taken = [self._queue.waiting.popleft() for _ in range(free)]
            self._out += taken
            return [self._hand_out(message) for message in taken]

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        with self._exchange.changed:
            self._check()
            done = {id(delivery.tag) for delivery in deliveries}
            self._out = [message for message in self._out if id(message) not in done]

    def close(self) -> None:
        with self._exchange.changed:
            self.give_back()
            self._exchange.changed.notify_all()

    def give_back(self) -> None:
        """Hold the exchange's lock. Replaces the messages, so that acknowledging an old delivery changes nothing."""
        if self._queue.holder is self:
            self._queue.waiting.extendleft(_Message(message.body, delivered=True) for message in reversed(self._out))
            self._out = []
            self._queue.holder = None

    def _may_take(self) -> bool:
        if self.is_cut:
            return True
        if self._queue.holder is None:
            self._queue.holder = self
        return self._queue.holder is self and bool(self._queue.waiting) and len(self._out) < self._prefetch

    def _hand_out(self, message: _Message) -> Delivery:
        return Delivery(message.body, redelivered=message.delivered, tag=message)
