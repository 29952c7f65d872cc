"""A service in a process and a database of its own, asked over HTTP, beside the one database of a unit test."""

from __future__ import annotations

import atexit
import secrets
import signal
import sys
import uuid
from functools import cache
from pathlib import Path
from typing import Any, LiteralString

import httpx
import psycopg

from devstack.ports import LOOPBACK, free_port
from devstack.processes import ManagedProcess
from devstack.waiting import wait_for
from tests.stack.elsewhere import PostgresElsewhere
from tests.stack.postgres import scratch, server

OWNER = "tests"
_ROOT = Path(__file__).resolve().parents[2]
_SERVER = ("--threads", "2", "--keep-alive", "75", "--no-control-socket")
_APPLICATION = "django.core.wsgi:get_wsgi_application()"


class SampleService:
    """`tests.copied`, served by gunicorn. `database` is what a test may do with its tables."""

    def __init__(self) -> None:
        name = f"service_{uuid.uuid4().hex[:12]}"
        server().ensure_role(OWNER)
        server().ensure_database(name, OWNER)
        if isinstance(elsewhere := server(), PostgresElsewhere):
            atexit.register(elsewhere.remove, name)
        self.token = secrets.token_hex(8)
        port = free_port()
        self.url = f"http://{LOOPBACK}:{port}/strangler/"
        self.database_url = server().url(name, OWNER)
        self._env = {
            "DJANGO_SETTINGS_MODULE": "tests.copied.settings",
            "DATABASE_URL": self.database_url,
            "SERVICE_TOKEN": self.token,
        }
        migrate = self._process("django", "migrate", "--run-syncdb", "--verbosity", "0").start()
        assert migrate.wait(timeout=60) == 0, migrate.tail()
        self._server = self._process(
            "gunicorn", *_SERVER, "--worker-tmp-dir", str(scratch()), "--bind", f"{LOOPBACK}:{port}", _APPLICATION
        ).start()
        atexit.register(self._server.terminate, timeout=20)
        wait_for(self._answers, 60, "the sample service", log=self._server.log)
        self.database = psycopg.connect(self.database_url, autocommit=True)
        atexit.register(self.database.close)

    def ask(self, path: str, body: object, token: str | None = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token if token is None else token}"}
        return httpx.post(self.url + path, json=body, headers=headers)

    def rows(self, query: LiteralString) -> list[tuple[Any, ...]]:
        return self.database.execute(query).fetchall()

    def _process(self, module: str, *arguments: str) -> ManagedProcess:
        log = scratch() / "service" / f"{module}.log"
        return ManagedProcess(
            f"service-{module}",
            [sys.executable, "-m", module, *arguments],
            log=log,
            env=self._env,
            cwd=_ROOT,
            stop_leader_only=True,
            death_signal=signal.SIGTERM,  # gunicorn has to take its workers along
        )

    def _answers(self) -> bool:
        try:
            return httpx.get(self.url, timeout=5).status_code == 404
        except httpx.HTTPError:
            return False


@cache
def sample_service() -> SampleService:
    """One for the whole run."""
    return SampleService()
