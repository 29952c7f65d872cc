"""Servers that run already, such as those of docker-compose.yml, in place of those that tests start: docs/compose.md.

They belong to somebody else. A test that kills one, restarts it or changes its settings is skipped at that moment, and
the last lines of the run name it.
"""

from __future__ import annotations

import atexit
import os
from functools import cache
from typing import NoReturn, Self
from urllib.parse import quote, unquote, urlsplit

import pytest
from psycopg import sql

from devstack.postgres_contents import SUPERUSER, PostgresContents

POSTGRES, RABBITMQ, KAFKA, CONNECT, CDC_PASSWORD = (
    "STRANGLER_TEST_POSTGRES_URL",
    "STRANGLER_TEST_RABBITMQ_URL",
    "STRANGLER_TEST_KAFKA_URL",
    "STRANGLER_TEST_CONNECT_URL",
    "STRANGLER_TEST_CDC_PASSWORD",
)
VARIABLES = (POSTGRES, RABBITMQ, KAFKA, CONNECT)
_NEEDED_BY_CONNECT = (POSTGRES, KAFKA, CDC_PASSWORD)
_END_READERS = "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = %s AND active"
_DROP_SLOTS = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = %s AND NOT active"
_SLOTS = "SELECT FROM pg_replication_slots WHERE database = %s"


class _Elsewhere:
    """Has the names of the server that it stands for."""

    variable: str
    running = True

    def start(self) -> Self:
        return self

    def kill(self) -> NoReturn:
        self.refuse("killed")

    def stop(self) -> NoReturn:
        self.refuse("stopped")

    def restart(self) -> NoReturn:
        self.refuse("restarted")

    def refuse(self, what: str) -> NoReturn:
        pytest.skip(f"the server of {self.variable} runs elsewhere and is not {what} by tests")


class RabbitMQElsewhere(_Elsewhere):
    variable = RABBITMQ

    def __init__(self, url: str) -> None:
        self.url = url

    def control(self, *arguments: str) -> NoReturn:
        self.refuse(f"told `rabbitmqctl {arguments[0]}`")


class KafkaElsewhere(_Elsewhere):
    variable = KAFKA

    def __init__(self, url: str) -> None:
        self.url = url


class ConnectElsewhere(_Elsewhere):
    """`env` is what connector configurations may name: the same for every test."""

    variable = CONNECT

    def __init__(self, url: str, env: dict[str, str]) -> None:
        self.url = url
        self.env = env


class PostgresElsewhere(_Elsewhere, PostgresContents):
    """The URL is a superuser's. The roles that tests make have one password, which Connect knows as CDC_PASSWORD."""

    variable = POSTGRES

    def __init__(self, url: str, password: str) -> None:
        self._parts = urlsplit(url)
        self._password = password
        self._chosen: dict[str, str] = {}

    def url(self, database: str = "postgres", role: str = SUPERUSER) -> str:
        user, password = quote(role), self._chosen.get(role, self._password)
        if role == SUPERUSER:
            user, password = str(self._parts.username), unquote(self._parts.password or "")
        host = self._parts.netloc.rpartition("@")[2]
        return self._parts._replace(netloc=f"{user}:{quote(password, safe='')}@{host}", path=f"/{database}").geturl()

    def remove(self, database: str) -> None:
        """With its slots, which would keep log for ever."""
        with self.connect() as session:
            session.execute(_END_READERS, [database])
            while session.execute(_SLOTS, [database]).fetchone():
                session.execute(_DROP_SLOTS, [database])
            session.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))

    def remove_at_the_end(self, database: str) -> None:
        atexit.register(self.remove, database)

    def _choose_password(self, role: str, wanted: str | None) -> str:
        return self._chosen.setdefault(role, wanted or self._password)


@cache
def postgres() -> PostgresElsewhere | None:
    if not (url := os.environ.get(POSTGRES)):
        return None
    return PostgresElsewhere(url, os.environ.get(CDC_PASSWORD) or unquote(urlsplit(url).password or ""))


def rabbitmq() -> RabbitMQElsewhere | None:
    return RabbitMQElsewhere(url) if (url := os.environ.get(RABBITMQ)) else None


def kafka() -> KafkaElsewhere | None:
    return KafkaElsewhere(url) if (url := os.environ.get(KAFKA)) else None


def connect() -> ConnectElsewhere | None:
    """Raises pytest's failure where one of the other variables is missing: its worker reaches no server of ours."""
    if not (url := os.environ.get(CONNECT)):
        return None
    missing = [name for name in _NEEDED_BY_CONNECT if name not in os.environ]
    if missing:
        pytest.fail(f"{CONNECT} is set; {' and '.join(missing)} must be, too", pytrace=False)
    return ConnectElsewhere(url, {"CDC_PASSWORD": os.environ[CDC_PASSWORD]})


def refuse_several_processes(count: int | None) -> None:
    """They would make the same roles at the same moment. Raises pytest's UsageError."""
    told = [name for name in VARIABLES if os.environ.get(name)]
    if told and count:
        raise pytest.UsageError(f"{told[0]}: servers that run elsewhere serve one process of tests; leave out -n")
