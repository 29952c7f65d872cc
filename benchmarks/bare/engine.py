"""`python -m benchmarks.bare.engine SLOT EVENTS ANSWER`: Debezium's engine into a handler that only counts.

The properties are those of the kit's relay, the engine is started through JPype as there; nothing of a record is read.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import django

django.setup()

import jpype  # noqa: E402

from strangler.conf import settings  # noqa: E402
from strangler.relay.debezium import config, jvm  # noqa: E402
from strangler.relay.log.source import source_of  # noqa: E402

START = 0.05


def main(slot: str, events: str, answer: str) -> None:
    cdc = settings.cdc.model_copy(update={"slot": slot})
    properties = config.embedded(cdc, source_of(cdc), batch_size=settings.relay_batch_size)
    jvm.start()
    counter = Counter(int(events))
    engine = (
        jpype.JClass("io.debezium.engine.DebeziumEngine")
        .create(jpype.JClass("io.debezium.engine.format.SimpleString"))
        .using(_java(properties))
        .notifying(jpype.JProxy("io.debezium.engine.DebeziumEngine$ChangeConsumer", dict=counter.methods()))
        .build()
    )
    thread = jpype.JClass("java.lang.Thread")(engine, "debezium")
    thread.setDaemon(True)
    thread.start()
    while thread.isAlive() and not counter.rate:
        time.sleep(0.05)
    Path(answer).write_text(f"{counter.rate}", encoding="ascii")
    jvm.abandon()


class Counter:
    """`rate`: events per second from a twentieth of them to all; 0 until then. Heartbeats count, one or two of them."""

    def __init__(self, events: int) -> None:
        self.rate = 0.0
        self._events = events
        self._seen = 0
        self._began: tuple[float, int] | None = None

    def methods(self) -> dict[str, Any]:
        return {"handleBatch": self._handle, "supportsTombstoneEvents": lambda: False}

    def _handle(self, changes: Any, committer: Any) -> None:
        self._seen += changes.size()
        now = time.monotonic()
        if self._began is None and self._seen > self._events * START:
            self._began = now, self._seen
        committer.markProcessed(changes.get(changes.size() - 1))
        committer.markBatchFinished()
        if self._seen >= self._events and self._began and now > self._began[0]:
            self.rate = (self._seen - self._began[1]) / (now - self._began[0])


def _java(properties: config.Properties) -> Any:
    java = jpype.JClass("java.util.Properties")()
    for name, value in properties.items():
        java.setProperty(name, value)
    return java


if __name__ == "__main__":
    main(*sys.argv[1:])
