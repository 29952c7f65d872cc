"""Receive, drop duplicates, update, commit, acknowledge, 100 at a time: `python -m benchmarks.bare.consume`.

The handler's UPDATE is one statement a message, as a handler's is; psycopg pipelines the 100 of a batch.
"""

from __future__ import annotations

import json
import os
from typing import Any

import psycopg

from benchmarks.bare.confirms import connect

BATCH = 100
PREFETCH = 1000
RECORD = """
    INSERT INTO bare_inbox (message_id) SELECT unnest(%s::uuid[]) ON CONFLICT DO NOTHING RETURNING message_id::text
"""
_UPDATE = "UPDATE bench_stock SET moved = moved + %s WHERE sku = %s"


def handle(connection: psycopg.Connection, bodies: list[bytes]) -> None:
    events = {event["id"]: event["data"] for event in map(json.loads, bodies)}
    with connection.transaction(), connection.cursor() as cursor:
        fresh = cursor.execute(RECORD, [list(events)]).fetchall()
        cursor.executemany(_UPDATE, [(events[id]["quantity"], events[id]["sku"]) for (id,) in fresh])


class Receiver:
    """Takes what comes in portions; a portion is smaller when nothing more comes for a tenth of a second."""

    def __init__(self, url: str, queue: str) -> None:
        self._broker = connect(url)
        self._channel = self._broker.channel()
        self._waiting: list[Any] = []
        self._channel.basic_qos(0, PREFETCH, False)
        self._channel.basic_consume(queue, callback=self._waiting.append)

    def take(self, count: int) -> list[Any]:
        while len(self._waiting) < count:
            try:
                self._broker.drain_events(timeout=0.1)
            except TimeoutError:
                break
        taken, self._waiting[:count] = self._waiting[:count], []
        return taken

    def acknowledge(self, messages: list[Any]) -> None:
        """And everything before the last of them."""
        if messages:
            self._channel.basic_ack(messages[-1].delivery_tag, multiple=True)

    def close(self) -> None:
        """What was not acknowledged goes back."""
        self._broker.close()


def step(receiver: Receiver, connection: psycopg.Connection) -> int:
    """One batch: handled, committed, then acknowledged. Returns how many."""
    batch = receiver.take(BATCH)
    if batch:
        handle(connection, [message.body for message in batch])
        receiver.acknowledge(batch)
    return len(batch)


def main() -> None:
    receiver = Receiver(os.environ["BROKER_URL"], os.environ["QUEUE"])
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        while True:
            step(receiver, connection)


if __name__ == "__main__":
    main()
