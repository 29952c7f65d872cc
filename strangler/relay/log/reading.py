"""What a relay asks of whoever reads the log for it: Debezium's engine, or psycopg."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol
from uuid import UUID

BATCH_BYTES = 4 * 1024 * 1024


class Address(NamedTuple):
    """Where a message goes, as the row's columns have it."""

    topic: str
    routing_key: str
    aggregate_id: str


class Captured(Protocol):
    """One row as the log has it."""

    @property
    def id(self) -> UUID: ...

    @property
    def body(self) -> bytes: ...

    @property
    def address(self) -> Address | None:
        """None where the reader brings nothing but the body: then the outbox is asked."""
        ...

    def transaction(self) -> int:
        """The number of the row's transaction, its lower 32 bits; asked for when in doubt."""
        ...


class Reader(Protocol):
    """Belongs to one thread, but for `wake()`."""

    def flows(self, timeout: float) -> bool:
        """Whether the log is being read; waits up to `timeout` seconds for it. Raises `CaptureUnavailable`."""
        ...

    def poll(self, timeout: float) -> Sequence[Captured]:
        """The next rows in the order of their commits, at once where there are some; none after `timeout` seconds or
        `wake()`. Not many more than `BATCH_BYTES`. Raises `CaptureUnavailable`.
        """
        ...

    def wake(self) -> None:
        """From any thread: the poll in progress, or the next one, need not wait."""
        ...

    def stay_alive(self) -> None:
        """Call it every few seconds while there is no time to poll, or the server takes the reader for dead."""
        ...

    def done(self) -> None:
        """What the first poll brought that was not `done()` yet is settled in the outbox: the slot may forget it."""
        ...


class Log(Protocol):
    """Where the rows come from."""

    name: str

    def slot(self) -> AbstractContextManager[Future[bool]]:
        """Of this run. Entered at once; the future says when it is made, False when it was given up."""
        ...

    def reader(self, schema: str) -> AbstractContextManager[Reader]:
        """Once the slot is made. `schema` is that of the outbox."""
        ...
