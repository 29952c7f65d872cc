"""`python -m benchmarks.bare.load RATE SECONDS FILE`: rows of the bare outbox at a pace."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from uuid import UUID

import psycopg
from uuid_utils.compat import uuid7

from benchmarks import pace
from benchmarks.bare.relay import CHANNEL
from benchmarks.project.filling import SKUS
from benchmarks.project.message import body

_INSERT = "INSERT INTO bare_outbox (id, payload) VALUES (%s, %s)"


def insert(connection: psycopg.Connection, id: UUID, sku: str) -> float:
    with connection.transaction():
        connection.execute(_INSERT, [id, body(sku, id).decode()])
        connection.execute(f"NOTIFY {CHANNEL}")
        return time.monotonic()


def main(rate: str, seconds: str, file: str) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:

        def record(number: int) -> tuple[str, float]:
            id = uuid7()
            return str(id), insert(connection, id, f"sku-{number % SKUS}")

        pace.load(record, float(rate), float(seconds), Path(file))


if __name__ == "__main__":
    main(*sys.argv[1:])
