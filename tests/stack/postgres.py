"""One PostgreSQL for the whole test run: embedded, in a folder of its own that goes away with it, or one elsewhere."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

from devstack.postgres import EmbeddedPostgres
from tests.stack import elsewhere
from tests.stack.elsewhere import PostgresElsewhere

_OURS = "TESTS_STARTED_THE_DATABASE"
LOCAL = Path(__file__).resolve().parents[2] / ".local" / "test"


@cache
def scratch() -> Path:
    """A folder for everything this test run writes."""
    LOCAL.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=LOCAL))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def server() -> EmbeddedPostgres | PostgresElsewhere:
    return elsewhere.postgres() or _embedded()


@cache
def _embedded() -> EmbeddedPostgres:
    postgres = EmbeddedPostgres(scratch() / "postgres").start()
    atexit.register(postgres.stop)
    return postgres


def database_of_this_process() -> dict[str, str]:
    """Variables for the environment; none where somebody has set `DATABASE_URL`.

    A process of a parallel run inherits what the one that started it has set, and gets a server of its own anyway.
    """
    if "DATABASE_URL" in os.environ and _OURS not in os.environ:
        return {}
    return {"DATABASE_URL": database_url(), _OURS: "1"}


def database_url() -> str:
    """Of the database that Django's test runner derives its own from."""
    server().ensure_role("tests")
    with server().connect() as connection:
        connection.execute("ALTER ROLE tests CREATEDB")
    server().ensure_database("tests", "tests")
    return server().url("tests", "tests")
