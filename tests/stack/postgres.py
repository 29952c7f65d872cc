"""One embedded PostgreSQL for the whole test run, in a folder of its own that goes away with it."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from devstack.postgres import EmbeddedPostgres

LOCAL = Path(__file__).resolve().parents[2] / ".local" / "test"


@cache
def scratch() -> Path:
    """A folder for everything this test run writes."""
    LOCAL.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=LOCAL))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def server() -> EmbeddedPostgres:
    postgres = EmbeddedPostgres(scratch() / "postgres").start()
    atexit.register(postgres.stop)
    return postgres


def database_url() -> str:
    """Of the database that Django's test runner derives its own from."""
    server().ensure_role("tests")
    with server().connect() as connection:
        connection.execute("ALTER ROLE tests CREATEDB")
    server().ensure_database("tests", "tests")
    return server().url("tests", "tests")
