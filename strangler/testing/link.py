"""A way to a broker that a test can cut: what pulling the cable, or the death of the process at one end, looks like."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol
from urllib.parse import urlsplit

from strangler.brokers import Broker, connect
from strangler.brokers.memory import MemoryBroker

Pump = Callable[[socket.socket, socket.socket], None]
_ABORT = struct.pack("ii", 1, 0)  # SO_LINGER of 0 seconds: closing resets the connection
_DEFAULT_PORTS = {"pgmq": 5432, "amqp": 5672, "amqps": 5671, "kafka": 9092}


class Link(Protocol):
    broker: Broker

    def cut(self) -> None:
        """Break all connections that are open now; new ones work."""

    def sever(self) -> None:
        """Break all connections for good: the process at this end is dead."""

    def close(self) -> None: ...


def link_to(url: str, exchange: str) -> Link:
    """A broker reached through a TCP proxy of our own; in memory there is nothing to go through."""
    if url.startswith("memory://"):
        return _MemoryLink(url, exchange)
    return KafkaLink(url, exchange) if url.startswith("kafka://") else TcpLink(url, exchange)


class _MemoryLink:
    def __init__(self, url: str, exchange: str) -> None:
        self._broker = MemoryBroker(url, exchange)
        self.broker: Broker = self._broker

    def cut(self) -> None:
        self._broker.cut_connections()

    def sever(self) -> None:
        self.cut()

    def close(self) -> None:
        """Nothing is open."""


class TcpProxy:
    """A port of ours that leads to a server. Connections through it can be broken, refused, held up and slowed down."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._flowing, self._answering = threading.Event(), threading.Event()
        self._flow()
        self._severed = False
        self._latency = 0.0
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def target_port(self) -> int:
        return self._target[1]

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def through(self, url: str) -> str:
        """The same URL, by way of this port."""
        parts = urlsplit(url)
        credentials, separator, _ = parts.netloc.rpartition("@")
        return parts._replace(netloc=f"{credentials}{separator}127.0.0.1:{self.port}").geturl()

    def cut(self) -> None:
        """Break all connections that are open now; new ones work."""
        with self._lock:
            sockets, self._open = self._open, set()
        for each in sockets:
            with suppress(OSError):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
                each.shutdown(socket.SHUT_RDWR)
        self._flow()

    def sever(self) -> None:
        """Break all connections and take no new ones, until `heal`."""
        self._severed = True
        self.cut()

    def stall(self) -> None:
        """Keep all connections open and let nothing through, until they are cut or it is healed."""
        self._flowing.clear()

    def lose_answers(self) -> None:
        """Let requests through, but nothing back, until connections are cut or it is healed."""
        self._answering.clear()

    def delay(self, seconds: float) -> None:
        """Hold back whatever comes for so long, in each direction."""
        self._latency = seconds

    def heal(self) -> None:
        """Everything as it was; what was held up goes on."""
        self._severed = False
        self._latency = 0.0
        self._flow()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def _flow(self) -> None:
        self._flowing.set()
        self._answering.set()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # closed
            server = None if self._severed else self._connect()
            if server is None:
                client.close()
                continue
            with self._lock:
                self._open |= {client, server}
            for pump, source, sink in ((self._forth, client, server), (self._back, server, client)):
                threading.Thread(target=self._pump, args=(pump, source, sink), daemon=True).start()

    def _connect(self) -> socket.socket | None:
        try:
            return socket.create_connection(self._target)
        except OSError:
            return None  # the client finds its connection closed, as it would without us

    def _pump(self, pump: Pump, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            pump(source, sink)
        with self._lock:
            self._open -= {source, sink}
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
                each.close()

    def _forth(self, source: socket.socket, sink: socket.socket) -> None:
        while data := source.recv(65536):
            self._pass_on(data, sink)

    def _back(self, source: socket.socket, sink: socket.socket) -> None:
        while data := source.recv(65536):
            self._answer(data, sink)

    def _answer(self, data: bytes, sink: socket.socket) -> None:
        self._answering.wait()
        self._pass_on(data, sink)

    def _pass_on(self, data: bytes, sink: socket.socket) -> None:
        self._flowing.wait()
        if self._latency:
            time.sleep(self._latency)
        sink.sendall(data)


class KafkaProxy(TcpProxy):
    """A broker tells its clients where it is, and they go there: its answers are made to name this proxy instead.

    For a cluster of one broker that advertises the very host it is given by.
    """

    def _back(self, source: socket.socket, sink: socket.socket) -> None:
        host, port = self._target
        there, here = (host.encode() + struct.pack(">i", each) for each in (port, self.port))
        with source.makefile("rb") as answers:
            while size := answers.read(4):
                answer = answers.read(struct.unpack(">i", size)[0])
                self._answer(size + answer.replace(there, here), sink)


class TcpLink(TcpProxy):
    def __init__(self, url: str, exchange: str) -> None:
        parts = urlsplit(url)
        super().__init__(parts.hostname or "localhost", parts.port or _DEFAULT_PORTS[parts.scheme])
        self.broker: Broker = connect(self.through(url), exchange=exchange)


class KafkaLink(KafkaProxy, TcpLink):
    """For a cluster of one broker that advertises the very host of the URL."""
