"""Debezium's embedded engine with a pull interface: no Python of ours runs on a Java thread but to hand a batch over.

<https://debezium.io/documentation/reference/3.6/development/engine.html>
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from queue import Empty, Queue
from threading import Event
from types import TracebackType
from typing import Any, NamedTuple, Self
from uuid import UUID

import jpype
import structlog

from strangler.errors import CaptureUnavailable, RelayError
from strangler.relay.debezium import jvm
from strangler.relay.debezium.config import Properties, heartbeat_topic
from strangler.relay.log.reading import Address

log = structlog.get_logger(__name__)

_STOP_SECONDS = 20.0
_MOMENTS = ("connectorStarted", "connectorStopped", "taskStarted", "taskStopped", "pollingStopped")
_SEPARATOR = "\0"  # the one character that PostgreSQL's text cannot hold


class Captured(NamedTuple):
    """One row as the log has it; `transaction()` is its transaction's number (32 bits), asked for when in doubt."""

    id: UUID
    body: bytes
    changes: Any
    place: int
    address: Address | None = None

    def transaction(self) -> int:
        offset = self.changes.get(self.place).sourceRecord().sourceOffset()
        return int(str(offset.get("txId")))


class Engine:
    """`with Engine(properties) as engine:` `poll()` a batch, carry it, `done()`. An engine runs once."""

    def __init__(self, properties: Properties) -> None:
        jvm.start()
        self._fields = _Fields(skip=heartbeat_topic(properties))
        # Not SimpleQueue: interrupted by a signal, its get() with a timeout can wait for ever (CPython 3.11).
        self._batches: Queue[Sequence[Captured] | CaptureUnavailable] = Queue()
        self._answers: Queue[bool] = Queue()
        self._started_or_ended = Event()
        self._seen = Event()
        self._failure: CaptureUnavailable | None = None
        self._closing = False
        consumer = {"handleBatch": self._hand_over, "supportsTombstoneEvents": lambda: False}
        self._engine = (
            jpype.JClass("io.debezium.engine.DebeziumEngine")
            .create(jpype.JClass("io.debezium.engine.format.SimpleString"))
            .using(_java_properties(properties))
            .using(_implement("CompletionCallback", {"handle": self._ended}))
            .using(
                _implement("ConnectorCallback", {**dict.fromkeys(_MOMENTS, _ignore), "pollingStarted": self._started})
            )
            .notifying(_implement("ChangeConsumer", consumer))
            .build()
        )
        self._thread = jpype.JClass("java.lang.Thread")(self._engine, "debezium")
        self._thread.setDaemon(True)

    def flows(self, timeout: float) -> bool:
        """Whether the log has shown anything yet, a heartbeat included; waits up to `timeout` seconds for it.

        Raises `CaptureUnavailable` when the engine has ended.
        """
        seen = self._seen.wait(timeout)
        if self._failure:
            raise self._failure
        return seen

    def poll(self, timeout: float) -> Sequence[Captured]:
        """As `Reader` has it, but nothing more comes before `done()`."""
        try:
            batch = self._batches.get(timeout=timeout)
        except Empty:
            return ()
        if isinstance(batch, CaptureUnavailable):
            raise batch
        return batch

    def wake(self) -> None:
        self._batches.put(())

    def stay_alive(self) -> None:
        """The engine does so by itself."""

    def done(self) -> None:
        """The batch in hand is settled in the outbox: the slot may forget it."""
        self._answers.put(True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it; a batch that is not `done()` stays unmarked. Raises `RelayError` when it does not stop."""
        self._closing = True
        self._answers.put(False)
        self._started_or_ended.wait(_STOP_SECONDS)  # closed while it starts, it may leave threads behind
        deadline = time.monotonic() + _STOP_SECONDS
        while self._thread.isAlive():
            try:
                self._engine.close()
            except jpype.JException as refused:
                log.debug("debezium_not_closed_yet", reason=str(refused))
            self._thread.join(2_000)
            self._thread.interrupt()  # closed as it began to poll, it waits for a task that was never run
            if time.monotonic() > deadline:
                jvm.abandon()
                raise RelayError(f"Debezium did not stop within {_STOP_SECONDS:g} s: end this process and start anew")

    def _hand_over(self, changes: Any, committer: Any) -> None:
        """On a Java thread. Marking the last record is enough: the engine keeps one offset, the last one marked."""
        if self._closing:
            return
        self._seen.set()
        captured = self._fields.read(changes)
        if captured:
            self._batches.put(captured)
            if not self._answers.get():
                return
        committer.markProcessed(changes.get(changes.size() - 1))
        committer.markBatchFinished()

    def _started(self) -> None:
        self._started_or_ended.set()

    def _ended(self, success: bool, message: Any, error: Any) -> None:
        cause = error
        while cause is not None and cause.getCause() is not None:
            cause = cause.getCause()
        text = f"Debezium stopped: {message}" + (f" ({cause.toString()})" if cause is not None else "")
        self._failure = CaptureUnavailable(text)
        self._batches.put(self._failure)
        self._seen.set()
        self._started_or_ended.set()


class _Fields:
    """Reads a batch in three calls, not three a record: the strings are joined on the Java side. Nine times as fast."""

    def __init__(self, *, skip: str) -> None:
        self._skip = skip.encode()
        self._join = jpype.JClass("java.util.stream.Collectors").joining(_SEPARATOR)
        self._key, self._value, self._destination = (
            _getter("key", "java.lang.Object"),
            _getter("value", "java.lang.Object"),
            _getter("destination", "java.lang.String"),
        )

    def read(self, changes: Any) -> list[Captured]:
        columns = (self._column(changes, getter) for getter in (self._destination, self._key, self._value))
        rows = zip(*columns, range(changes.size()), strict=True)
        return [
            Captured(UUID(key.decode()), body, changes, index)
            for topic, key, body, index in rows
            if topic != self._skip
        ]

    def _column(self, changes: Any, getter: Any) -> list[bytes]:
        joined = changes.stream().map(getter).collect(self._join)
        return bytes(jpype.JString(joined).getBytes("UTF-8")).split(_SEPARATOR.encode())


def _getter(name: str, returns: str) -> Any:
    """A `java.util.function.Function` for a method of ChangeEvent, without a line of Java."""
    invoke = "java.lang.invoke"
    signature = jpype.JClass(f"{invoke}.MethodType").methodType(jpype.JClass(returns))
    lookup = jpype.JClass(f"{invoke}.MethodHandles").publicLookup()
    handle = lookup.findVirtual(jpype.JClass("io.debezium.engine.ChangeEvent"), name, signature)
    function = jpype.JClass("java.util.function.Function")
    return jpype.JClass(f"{invoke}.MethodHandleProxies").asInterfaceInstance(function, handle)


def _implement(interface: str, methods: dict[str, Any]) -> Any:
    return jpype.JProxy(f"io.debezium.engine.DebeziumEngine${interface}", dict=methods)


def _ignore() -> None: ...


def _java_properties(properties: Properties) -> Any:
    java = jpype.JClass("java.util.Properties")()
    for name, value in properties.items():
        java.setProperty(name, value)
    return java
