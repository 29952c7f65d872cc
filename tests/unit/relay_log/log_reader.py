"""Debezium's part towards the server, by hand: reads a slot and says when how much of it is safe elsewhere."""

from __future__ import annotations

import struct
import time
from types import TracebackType
from typing import Self

import psycopg
from psycopg import pq

_EPOCH = 946_684_800  # of PostgreSQL: 2000-01-01


class LogReader:
    """`with LogReader(url, slot, publication) as reader: reader.confirm(position)`."""

    def __init__(self, url: str, slot: str, publication: str) -> None:
        self._session = pq.PGconn.connect(f"{url}?replication=database".encode())
        assert self._session.status == pq.ConnStatus.OK, self._session.error_message
        options = f"(proto_version '1', publication_names '{publication}')"
        started = self._session.exec_(f'START_REPLICATION SLOT "{slot}" LOGICAL 0/0 {options}'.encode())
        assert started.status == pq.ExecStatus.COPY_BOTH, started.error_message

    def confirm(self, position: str) -> None:
        high, low = position.split("/")
        lsn = (int(high, 16) << 32) + int(low, 16)
        now = int((time.time() - _EPOCH) * 1_000_000)
        self._session.put_copy_data(b"r" + struct.pack("!QQQqB", lsn, lsn, lsn, now, 0))
        self._session.flush()

    def close(self) -> None:
        self._session.finish()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def position(session: psycopg.Connection) -> str:
    """Where the log ends now."""
    ((end,),) = session.execute("SELECT pg_current_wal_insert_lsn()::text").fetchall()
    return str(end)
