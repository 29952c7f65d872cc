"""One AMQP connection with one channel; every wait on it ends, and its errors are in the kit's words."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from amqp.exceptions import AccessRefused, AMQPError, NotAllowed
from kombu.connection import Connection

from strangler.brokers.address import public_address
from strangler.brokers.amqp.frames import Frames
from strangler.brokers.amqp.readahead import ReadAhead
from strangler.brokers.closing import ClosingBase
from strangler.errors import BrokerUnavailable, ConfigurationError

HEARTBEAT = 30
"""Seconds. A side that hears nothing for twice as long takes the other one for dead."""
TIMEOUT = 30.0
"""Seconds until a broker that takes or says nothing counts as unavailable."""
CONNECT_TIMEOUT = 10

ERRORS = (AMQPError, OSError)  # a timeout is an OSError


class Server:
    """Where the broker is."""

    def __init__(self, url: str) -> None:
        self.address = public_address(url)
        self._url = "pyamqp://" + url.removeprefix("amqp://") if url.startswith("amqp://") else url

    def open(self) -> Session:
        """Raises `BrokerUnavailable`, and `ConfigurationError` when the broker refuses user or virtual host."""
        client = Connection(  # type: ignore[no-untyped-call]
            self._url,
            heartbeat=HEARTBEAT,
            connect_timeout=CONNECT_TIMEOUT,
            transport_options={"read_timeout": TIMEOUT, "write_timeout": TIMEOUT, "socket_settings": _patience()},
        )
        with self.translated_errors():
            return Session(self.address, client.transport.establish_connection())

    @contextmanager
    def translated_errors(self) -> Iterator[None]:
        try:
            yield
        except (AccessRefused, NotAllowed) as error:
            raise ConfigurationError(
                f'RabbitMQ at {self.address} refuses the user or virtual host in STRANGLER["BROKER_URL"]: '
                f"{error.reply_text}"
            ) from error
        except ERRORS as error:
            raise BrokerUnavailable(
                f"RabbitMQ at {self.address} is unavailable: {error or type(error).__name__}"
            ) from error


def _patience() -> dict[int, int]:
    """Py-amqp would have the kernel end a connection whose other side has taken nothing for a second.

    RabbitMQ does that to those who send faster than it can write: <https://www.rabbitmq.com/docs/flow-control>.
    """
    return {socket.TCP_USER_TIMEOUT: int(TIMEOUT * 1000)} if hasattr(socket, "TCP_USER_TIMEOUT") else {}


class Session(ClosingBase):
    """An open connection."""

    def __init__(self, address: str, connection: Any) -> None:
        self.address = address
        self.blocked = False
        self._connection = connection
        connection.on_blocked = self._on_blocked
        connection.on_unblocked = self._on_unblocked
        ReadAhead.install(connection.transport)
        self.channel = connection.channel()

    def drain(self, timeout: float) -> bool:
        """Handle the next thing the broker says, if it says one in time."""
        try:
            self._connection.drain_events(timeout=timeout)
        except TimeoutError:
            return False
        return True

    def frames(self, exchange: str) -> Frames:
        return Frames(self.channel.channel_id, self._connection.frame_max, exchange)

    def write(self, frames: bytes) -> None:
        self._connection.transport.write(frames)

    def drain_all(self) -> None:
        """Handle everything the broker has said up to now."""
        with suppress(TimeoutError), self._connection.transport.having_timeout(0):
            while True:
                self._connection.blocking_read()

    def heartbeat(self) -> None:
        """Call about every second. Raises when the broker was silent for two heartbeats."""
        self._connection.heartbeat_tick()

    def close(self) -> None:
        """In order: a socket that is just closed may take the last acknowledgements with it."""
        with suppress(*ERRORS):
            self._connection.close()
        self.abandon()

    def abandon(self) -> None:
        """Drop the socket of a connection that cannot be trusted any more."""
        self._connection.collect()

    def _on_blocked(self, _: str) -> None:
        self.blocked = True

    def _on_unblocked(self) -> None:
        self.blocked = False
