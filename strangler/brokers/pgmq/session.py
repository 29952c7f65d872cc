"""One PostgreSQL connection, opened when needed, and psycopg's errors in the kit's words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict

from strangler.brokers.address import public_address
from strangler.errors import BrokerError, BrokerUnavailable, ConfigurationError

Connection = psycopg.Connection[tuple[Any, ...]]

CONNECT_TIMEOUT = 10
# Seconds until either side notices that the other one vanished: a dead consumer's lock must not outlive it for hours.
_LIBPQ = {
    "application_name": "strangler",
    "connect_timeout": CONNECT_TIMEOUT,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
_SERVER_SETTINGS = """
    SELECT set_config(name, value, false)
    FROM (VALUES ('tcp_keepalives_idle', '10'), ('tcp_keepalives_interval', '5'), ('tcp_keepalives_count', '3'),
                 ('client_min_messages', 'warning')) AS setting (name, value)
    UNION ALL
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
"""


class Database:
    """Where the queues live."""

    def __init__(self, url: str) -> None:
        self.address = public_address(url)
        self._conninfo = urlsplit(url)._replace(scheme="postgresql").geturl()
        try:
            conninfo_to_dict(self._conninfo)
        except psycopg.ProgrammingError:  # its text may hold the password
            raise ConfigurationError(
                f'STRANGLER["BROKER_URL"] (pgmq://…@{self.address}) is not a URL that PostgreSQL understands: '
                "percent-encode special characters in user and password, and check the parameters after the '?'"
            ) from None

    def open(self) -> Connection:
        """Autocommit, and what is committed is on disk. Raises `BrokerUnavailable`."""
        with self.translated_errors():
            connection = psycopg.connect(self._conninfo, autocommit=True, **_LIBPQ)  # type: ignore[arg-type]
            connection.execute(_SERVER_SETTINGS)
            return connection

    @contextmanager
    def translated_errors(self) -> Iterator[None]:
        try:
            yield
        except errors.InsufficientPrivilege as error:
            raise ConfigurationError(
                f'the role in STRANGLER["BROKER_URL"] lacks a right on {self.address}: {_first_line(error)}'
            ) from error
        except errors.InvalidSchemaName as error:
            raise BrokerUnavailable(
                f"PGMQ is not in the database {self.address} yet: the first consumer installs it "
                "(`manage.py consume --declare` without handling anything)"
            ) from error
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise BrokerUnavailable(
                f"the PGMQ database {self.address} is not available: {_first_line(error)}"
            ) from error
        except psycopg.Error as error:
            raise BrokerError(f"the PGMQ database {self.address} refused a statement: {_first_line(error)}") from error


def _first_line(error: psycopg.Error) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
