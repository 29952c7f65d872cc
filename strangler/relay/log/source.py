"""`CDC["DATABASE_URL"]`: whom the log is read as, checked once and in words the reader of the setting knows."""

from __future__ import annotations

from dataclasses import dataclass, field

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from strangler.conf import CdcSettings
from strangler.errors import ConfigurationError

SETTING = 'STRANGLER["CDC"]["DATABASE_URL"]'
_REQUIRED = {"host": "a host", "user": "a role", "dbname": "a database"}
_TLS = ("sslmode", "sslrootcert", "sslcert", "sslkey")
_CONNECT_TIMEOUT = 10  # seconds
_NOTICES = {"keepalives_idle": "10", "keepalives_interval": "5", "keepalives_count": "3"}  # seconds
_SERVER_NOTICES = "-c wal_sender_timeout=60s"


@dataclass(frozen=True)
class Source:
    """Where the write-ahead log comes from and as whom. `tls` holds libpq's names, which Debezium's are made of."""

    host: str
    port: str
    user: str
    password: str = field(repr=False)
    dbname: str
    tls: dict[str, str]

    def connect(self) -> psycopg.Connection:
        """Autocommit. Raises psycopg.OperationalError."""
        return psycopg.connect(self._conninfo(), autocommit=True)

    def connect_to_log(self) -> psycopg.Connection:
        """A session that takes replication commands, and SQL as long as it has no parameters that the server binds.

        Each side finds out within half a minute, or a minute, that the other one's host is gone.
        """
        conninfo = self._conninfo(replication="database", client_encoding="UTF8", options=_SERVER_NOTICES, **_NOTICES)
        return psycopg.connect(conninfo, autocommit=True, cursor_factory=psycopg.ClientCursor)

    def _conninfo(self, **more: str) -> str:
        parameters = {"host": self.host, "port": self.port, "user": self.user, "dbname": self.dbname, **self.tls}
        return make_conninfo(
            "",
            **parameters,
            password=self.password,
            application_name="strangler-cdc",
            connect_timeout=_CONNECT_TIMEOUT,
            **more,
        )


def source_of(cdc: CdcSettings) -> Source:
    """Raises `ConfigurationError` naming what the URL lacks, or has too much: readers take few of libpq's options."""
    parts = _parsed(cdc.database_url)
    for name, what in _REQUIRED.items():
        if not parts.get(name):
            raise ConfigurationError(f"{SETTING} names no {what.partition(' ')[2]}: {_EXAMPLE}")
    if parts["host"].startswith(("/", "@")) or "," in parts["host"]:
        raise ConfigurationError(f"{SETTING} must name one host that is reached over TCP, not {parts['host']!r}")
    known = {*_REQUIRED, "port", "password", *_TLS}
    if unknown := sorted(parts.keys() - known):
        raise ConfigurationError(f"{SETTING}: it takes no {', '.join(unknown)}")
    return Source(
        host=parts["host"],
        port=parts.get("port", "5432"),
        user=parts["user"],
        password=parts.get("password", ""),
        dbname=parts["dbname"],
        tls={name: parts[name] for name in _TLS if name in parts},
    )


def _parsed(url: str) -> dict[str, str]:
    if not url:
        raise ConfigurationError(f"{SETTING} is empty: reading the log takes {_EXAMPLE}")
    try:
        return {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
    except psycopg.ProgrammingError as error:
        raise ConfigurationError(
            f"{SETTING} is no PostgreSQL URL ({str(error).strip()}): it takes {_EXAMPLE}"
        ) from None


_EXAMPLE = "the role that reads the log, postgresql://strangler_cdc:password@host:5432/database"
