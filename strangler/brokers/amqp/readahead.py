"""One read of the socket for many frames: py-amqp asks it for each frame's header, body and end, nine times a message.

Each of those lets go of Python's lock, which the threads that handle messages are quick to take.
"""

from __future__ import annotations

from collections.abc import Callable
from ssl import SSLWantReadError
from typing import Any

_AHEAD = 64 * 1024


class ReadAhead:
    """Stands in for a socket's `recv` (or a TLS socket's `read`)."""

    def __init__(self, receive: Callable[[int], bytes]) -> None:
        self._receive = receive
        self._bytes = b""
        self._place = 0

    @classmethod
    def install(cls, transport: Any) -> None:
        """py-amqp has no public place for it; `_quick_recv` is what both of its transports read through."""
        transport._quick_recv = cls(transport._quick_recv)

    def __call__(self, count: int) -> bytes:
        """At most `count` bytes, as `recv`. Raises TimeoutError where there is nothing yet.

        py-amqp keeps what it has of a frame then; the socket's own errors for that it would answer by asking again.
        """
        if self._place >= len(self._bytes):
            try:
                self._bytes = self._receive(max(count, _AHEAD))
            except (BlockingIOError, SSLWantReadError) as error:
                raise TimeoutError from error
            self._place = 0
        taken = self._bytes[self._place : self._place + count]
        self._place += len(taken)
        return taken
