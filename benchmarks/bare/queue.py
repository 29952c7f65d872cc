"""A queue seen from outside: how much is in it, empty it, fill it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from amqp.exceptions import NotFound

from benchmarks.bare.confirms import Confirms, connect
from strangler.testing.waiting import until


class Queue:
    def __init__(self, url: str, exchange: str, name: str) -> None:
        self._url = url
        self.exchange = exchange
        self.name = name

    def count(self) -> int:
        """What waits in it; for a queue that nobody consumes from, all that a publisher was confirmed."""
        return int(self._state().message_count)

    def exists(self) -> bool:
        channel = connect(self._url).channel()  # the question closes it where the answer is no
        try:
            channel.queue_declare(self.name, passive=True)
        except NotFound:
            return False
        finally:
            channel.connection.close()
        return True

    def empty(self) -> None:
        """Once nobody consumes from it: a killed consumer's unacknowledged messages come back with its end."""
        until(lambda: self._state().consumer_count == 0, f"the last consumer of {self.name} to be gone")
        self._channel.queue_purge(self.name)

    def fill(self, bodies: Iterable[bytes], routing_key: str) -> None:
        publisher = Confirms(self._url, self.exchange)
        publisher.publish(bodies, routing_key)
        publisher.close()

    def _state(self) -> Any:
        return self._channel.queue_declare(self.name, passive=True)

    @cached_property
    def _channel(self) -> Any:
        return connect(self._url).channel()
