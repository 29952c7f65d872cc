"""`python -m benchmarks.bare.decode SLOT PUBLICATION EVENTS ANSWER`: psycopg reads pgoutput and counts inserts.

The limit of anything that reads the log from Python: no broker, no outbox, nothing acknowledged before the end.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from psycopg import pq

START = 0.05
_HEADER = 25  # of XLogData: 'w', start, end, time
_INSERT = ord("I")


def main(slot: str, publication: str, events: str, answer: str) -> None:
    total = int(events)
    connection = stream(os.environ["CDC_DATABASE_URL"], slot, publication)
    first = int(total * START)
    read_inserts(connection, first)
    began = time.monotonic()
    read_inserts(connection, total - first)
    Path(answer).write_text(f"{(total - first) / (time.monotonic() - began)}", encoding="ascii")


def read_inserts(connection: pq.abc.PGconn, count: int) -> None:
    """Returns once so many more have come; everything else in the log is passed over."""
    while count:
        size, data = connection.get_copy_data(0)
        assert size > 0, connection.get_error_message()
        count -= bytes(data[:1]) == b"w" and data[_HEADER] == _INSERT


def stream(url: str, slot: str, publication: str) -> pq.abc.PGconn:
    connection = pq.PGconn.connect(f"{url}?replication=database".encode())
    assert connection.status == pq.ConnStatus.OK, connection.get_error_message()
    options = f"(proto_version '1', publication_names '{publication}')"
    result = connection.exec_(f"START_REPLICATION SLOT {slot} LOGICAL 0/0 {options}".encode())
    assert result.status == pq.ExecStatus.COPY_BOTH, result.get_error_message()
    return connection


if __name__ == "__main__":
    main(*sys.argv[1:])
