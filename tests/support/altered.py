"""Settings of a PostgreSQL server that a test changes while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from tests.stack.elsewhere import PostgresElsewhere
from tests.stack.servers import Postgres
from tests.support.waiting import until


@contextmanager
def altered(server: Postgres, name: str, value: str) -> Iterator[None]:
    """As if `value` stood in postgresql.conf. It must be one that the server shows as it was written."""
    if isinstance(server, PostgresElsewhere):
        server.refuse("told `ALTER SYSTEM`")
    with server.connect() as session:
        ((before,),) = session.execute(f"SHOW {name}".encode()).fetchall()
        try:
            session.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())
            _reload(session, name, value)
            yield
        finally:
            session.execute(f"ALTER SYSTEM RESET {name}".encode())
            _reload(session, name, before)


def _reload(session: psycopg.Connection, name: str, wanted: str) -> None:
    session.execute("SELECT pg_reload_conf()")
    until(lambda: session.execute(f"SHOW {name}".encode()).fetchall() == [(wanted,)], f"{name} to be {wanted!r}")
