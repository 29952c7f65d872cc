"""Reads a slot with PostgreSQL's streaming replication protocol, and tells the server how much of it is safe.

<https://www.postgresql.org/docs/current/protocol-replication.html>
"""

from __future__ import annotations

import selectors
import socket
import struct
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import Generic, Self, TypeVar

import psycopg
from psycopg.pq import ExecStatus
from psycopg.sql import Identifier, Literal

from strangler.errors import CaptureUnavailable
from strangler.relay.log import sql
from strangler.relay.log.reading import BATCH_BYTES

POSTGRES_EPOCH = 946_684_800  # 2000-01-01
_REPORT_SECONDS = 0.1
_SILENCE_SECONDS = 10.0

_XLOG_DATA, _KEEPALIVE = ord("w"), ord("k")
_HEADER = 25
"""Bytes of an XLogData message before what the plugin says."""
_KEEPALIVE_FIELDS = struct.Struct("!QqB").unpack_from
_STATUS = struct.Struct("!cQQQqB").pack

Item = TypeVar("Item")


class LogStream(ABC, Generic[Item]):
    """`with ... as stream:` `poll()` some items, deal with them, `done()`. What an item is, `_hear()` says.

    A batch ends at `batch_size` items or `BATCH_BYTES`, in the middle of a transaction too, so that the largest one
    takes no more memory than any other; what comes behind it stays with the server. `publications` is what
    START_REPLICATION takes: names, with commas between them.
    """

    def __init__(self, session: psycopg.Connection, *, slot: str, publications: str, batch_size: int) -> None:
        self._session = session
        self._start = sql.START_REPLICATION.format(slot=Identifier(slot), publications=Literal(publications))
        self._batch_size = batch_size
        self._selector = selectors.DefaultSelector()
        self._woken, self._waker = socket.socketpair()
        self._transaction: int | None = None
        """The one that is being told, for `_hear()` to keep."""
        self._size = 0
        """Bytes of the batch, for `_hear()` to add to."""
        self._seen = 0
        """Nothing that was read lies between this position and the end of what was read."""
        self._undone: deque[int] = deque()
        self._safe = 0
        self._reported = 0
        self._report_at = 0.0

    @abstractmethod
    def _hear(self, message: bytes) -> Item | None:
        """One message of the plugin; an item, when it completes one."""
        ...

    def poll(self, timeout: float) -> Sequence[Item]:
        items: list[Item] = []
        self._size = 0
        deadline = time.monotonic() + timeout
        heard, woken = True, False
        while not self._read(items) and heard and not woken:
            self._report_when_due(idle=not items)
            heard, woken = self._wait(0 if items else max(0.0, deadline - time.monotonic()))
        if items:
            self._undone.append(self._seen)
        return items

    def wake(self) -> None:
        self._waker.send(b"\0")

    def stay_alive(self) -> None:
        self._report()

    def done(self) -> None:
        self._safe = self._undone.popleft()
        self._report_when_due(idle=False)

    @property
    def seen(self) -> int:
        """The position up to which every transaction was read."""
        return self._seen

    def done_with_all(self) -> None:
        """Everything that was read: the server hears it now."""
        self._undone.clear()
        self._safe = max(self._safe, self._seen)
        self._report()

    def __enter__(self) -> Self:
        started = self._session.pgconn.exec_(self._start.as_string(self._session).encode())
        if started.status != ExecStatus.COPY_BOTH:
            raise CaptureUnavailable(f"the log cannot be read: {_text(started.error_message)}")
        self._selector.register(self._session.pgconn.socket, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._woken.setblocking(False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._selector.close()
        self._woken.close()
        self._waker.close()

    def _wait(self, timeout: float) -> tuple[bool, bool]:
        """At most `timeout` seconds; whether the server has said something, and whether somebody called `wake()`."""
        ready = [key.fileobj for key, _ in self._selector.select(timeout)]
        heard, woken = self._session.pgconn.socket in ready, self._woken in ready
        if heard:
            try:
                self._session.pgconn.consume_input()
            except psycopg.OperationalError as error:
                raise CaptureUnavailable(f"the log's connection broke: {_text(error)}") from error
        if woken:
            self._woken.recv(4096)
        return heard, woken

    def _read(self, items: list[Item]) -> bool:
        """Take what has come, up to a full batch: then True."""
        get = self._session.pgconn.get_copy_data
        try:
            while len(items) < self._batch_size and self._size < BATCH_BYTES:
                count, data = get(1)
                if count <= 0:
                    if count < 0:
                        raise CaptureUnavailable(f"the server ended the stream: {self._last_words()}")
                    return False
                if data[0] == _XLOG_DATA:
                    item = self._hear(bytes(data[_HEADER:]))
                    if item is not None:
                        items.append(item)
                elif data[0] == _KEEPALIVE:
                    self._keepalive(data)
        except psycopg.OperationalError as error:
            raise CaptureUnavailable(f"the log's connection broke: {_text(error)}") from error
        return True

    def _keepalive(self, data: memoryview) -> None:
        end, _, wants_answer = _KEEPALIVE_FIELDS(data, 1)
        if self._transaction is None:
            self._seen = max(self._seen, end)
        if wants_answer:
            self._report_at = 0.0

    def _report_when_due(self, *, idle: bool) -> None:
        """What was written for others is safe too where nothing of ours lies before it: an idle outbox keeps no log."""
        if idle and not self._undone:
            self._safe = max(self._safe, self._seen)
        now = time.monotonic()
        if now >= self._report_at + (_REPORT_SECONDS if self._safe > self._reported else _SILENCE_SECONDS):
            self._report()

    def _report(self) -> None:
        now = int((time.time() - POSTGRES_EPOCH) * 1_000_000)
        try:
            self._session.pgconn.put_copy_data(_STATUS(b"r", self._safe, self._safe, self._safe, now, 0))
            self._session.pgconn.flush()
        except psycopg.OperationalError as error:
            raise CaptureUnavailable(f"the log's connection broke: {_text(error)}") from error
        self._reported = self._safe
        self._report_at = time.monotonic()

    def _last_words(self) -> str:
        result = self._session.pgconn.get_result()
        return _text(result.error_message if result else b"") or "it is shutting down"


def _text(error: bytes | Exception) -> str:
    return (error.decode(errors="replace") if isinstance(error, bytes) else str(error)).strip()
