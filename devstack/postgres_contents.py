"""Roles and databases of a PostgreSQL, whoever runs the server."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import LiteralString

import psycopg
from psycopg import sql

SUPERUSER = "postgres"


class PostgresContents(ABC):
    """Of a server whose superuser we are."""

    @abstractmethod
    def url(self, database: str = "postgres", role: str = SUPERUSER) -> str:
        """Return a postgresql:// URL with the password of a role this object knows."""

    @abstractmethod
    def _choose_password(self, role: str, wanted: str | None) -> str:
        """Return the password that a role shall have, and remember it for `url`."""

    def ensure_role(self, name: str, password: str | None = None, *, replication: bool = False) -> None:
        """Create a login role, or set its password and REPLICATION again. Without a password, keep or generate one."""
        chosen = self._choose_password(name, password)
        with self.connect() as connection:
            exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone()
            statement: LiteralString = (
                "ALTER ROLE {} LOGIN {} PASSWORD {}" if exists else "CREATE ROLE {} LOGIN {} PASSWORD {}"
            )
            option = sql.SQL("REPLICATION" if replication else "NOREPLICATION")
            connection.execute(sql.SQL(statement).format(sql.Identifier(name), option, sql.Literal(chosen)))

    def ensure_database(self, name: str, owner: str) -> None:
        """Create a database that only `owner` (and superusers) may connect to, unless it exists."""
        with self.connect() as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                names = sql.Identifier(name), sql.Identifier(owner)
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(*names))
                connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(names[0]))

    @contextmanager
    def connect(self, database: str = "postgres", role: str = SUPERUSER) -> Iterator[psycopg.Connection]:
        """Open an autocommit connection and close it at the end."""
        with psycopg.connect(self.url(database, role), autocommit=True, connect_timeout=10) as connection:
            yield connection
