"""The servers of the tests, and the benchmark's databases and processes on them."""

from __future__ import annotations

import atexit
import os
import signal
import sys
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from psycopg import Connection

from benchmarks.bare import tables
from benchmarks.bare.queue import Queue
from devstack.processes import ManagedProcess
from devstack.rabbitmq import NativeRabbitMQ
from tests.stack import servers
from tests.stack.postgres import scratch

OWNER, CAPTURE, EXCHANGE, GROUP = "bench", "bench_capture", "bench", "stock"
ROOT = Path(__file__).resolve().parents[1]


class Stack:
    """`with Stack() as stack`: at the end every process it started is gone; the servers go with this process."""

    def __init__(self, database: str = "bench", *, beside: Stack | None = None) -> None:
        """`beside`: another database on the servers of that stack, which ends the processes of both."""
        self.database = database
        self._beside = beside
        self._processes: list[ManagedProcess] = beside._processes if beside else []
        self.folder = scratch() / "bench"
        self.folder.mkdir(exist_ok=True)

    @cached_property
    def postgres(self) -> servers.Postgres:
        return servers.business()

    @cached_property
    def rabbitmq(self) -> NativeRabbitMQ:
        """Of the tests' make, and it speaks STOMP: one of the peers knows nothing else."""
        if self._beside:
            return self._beside.rabbitmq
        server = NativeRabbitMQ(scratch() / "rabbitmq", stomp=True).start()
        atexit.register(server.stop)
        return server

    @cached_property
    def database_url(self) -> str:
        """The project's database, migrated, with the tables of the bare loops in it."""
        self.postgres.ensure_role(OWNER)
        self.postgres.ensure_role(CAPTURE, replication=True)
        self.postgres.ensure_database(self.database, owner=OWNER)
        url = self.postgres.url(self.database, OWNER)
        with self._connect() as connection:
            connection.execute(f"GRANT CONNECT ON DATABASE {self.database} TO {CAPTURE}")
        self.run("migrate", "-m", "django", "migrate", "--verbosity", "0", env=self._env(url))
        self.run("cdc_setup", "-m", "django", "cdc_setup", env=self._env(url))
        with self._connect() as connection:
            tables.create(connection, OWNER)
        return url

    @cached_property
    def env(self) -> dict[str, str]:
        """Of the project's processes, the kit's and the bare ones alike."""
        return self._env(self.database_url)

    def _env(self, database_url: str) -> dict[str, str]:
        return {
            "DJANGO_SETTINGS_MODULE": "benchmarks.project.settings",
            "DATABASE_URL": database_url,
            "CDC_DATABASE_URL": self.postgres.url(self.database, CAPTURE),
            "BROKER_URL": self.rabbitmq.url,
            "EXCHANGE": EXCHANGE,
        }

    @cached_property
    def queue(self) -> Queue:
        """The consumer group's, made by the kit; the bare relay publishes to the same exchange."""
        _succeed(self.manage("consume", "--group", GROUP, "--declare"))
        return self.new_queue()

    def new_queue(self) -> Queue:
        """On a connection of its own."""
        return Queue(self.rabbitmq.url, EXCHANGE, f"{EXCHANGE}.{GROUP}")

    @property
    def latest(self) -> ManagedProcess | None:
        """The process started last."""
        return self._processes[-1] if self._processes else None

    def connect(self) -> Connection:
        """To the project's database as superuser, autocommit: for filling, emptying and looking."""
        assert self.database_url
        return self._connect()

    def _connect(self) -> Connection:
        return Connection.connect(self.postgres.url(self.database), autocommit=True)

    def manage(self, *arguments: str, env: Mapping[str, str] | None = None) -> ManagedProcess:
        return self.start(arguments[0], "-m", "django", *arguments, env={**self.env, **(env or {})})

    def start(self, name: str, *arguments: str, env: Mapping[str, str], python: str = sys.executable) -> ManagedProcess:
        log = self.folder / f"{name}.log"
        whole = {"PYTHONPATH": str(ROOT), "LOG_LEVEL": "WARNING", **env}
        process = ManagedProcess(name, [python, *arguments], log=log, env=whole, cwd=ROOT).start()
        self._processes.append(process)
        return process

    def run(self, name: str, *arguments: str, env: Mapping[str, str], python: str = sys.executable) -> None:
        """To its end. Raises RuntimeError with the end of what it said."""
        _succeed(self.start(name, *arguments, env=env, python=python))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes:
            if process.running:
                process.terminate(timeout=20)


def end(process: ManagedProcess) -> None:
    """At once: what a contender still has in hand after the count is complete is no part of the figure."""
    if process.running:
        os.killpg(process.pid, signal.SIGKILL)
    process.terminate()


def _succeed(process: ManagedProcess) -> None:
    code = process.wait(timeout=600)
    if code != 0:
        raise RuntimeError(f"{process.name} ended with {code}:\n{process.tail()}")
