"""The same tests, pointed by variables at servers that somebody else has started."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from devstack.postgres import EmbeddedPostgres
from tests.stack import elsewhere, servers

ROOT = Path(__file__).parents[2]
RUNS = "tests/conformance/test_brokers.py::TestRabbitMQ::test_a_group_declared_before_publishing_misses_nothing"
KILLS = (
    "tests/integration/test_relays.py::TestEveryPair::"
    "test_a_database_killed_under_load_loses_nothing_it_acknowledged[polling on rabbitmq]"
)


def test_tests_use_what_runs_already_say_what_they_may_not_do_to_it_and_drop_their_databases(tmp_path: Path) -> None:
    servers.require_native_rabbitmq()
    with EmbeddedPostgres(tmp_path / "postgres") as postgres:
        env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "STRANGLER_"))}
        env |= {elsewhere.POSTGRES: postgres.url(), elsewhere.RABBITMQ: servers.rabbitmq().start().url}
        env["RABBITMQ_HOME"] = "/nowhere"  # no other could be started
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", RUNS, KILLS]
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=240, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "1 passed, 1 skipped" in done.stdout
        assert "exercised: broker RabbitMQ (1 tests)\n" in done.stdout
        why = f"the server of {elsewhere.POSTGRES} runs elsewhere and is not killed by tests"
        assert f"NOT EXERCISED: polling on RabbitMQ (1 tests): {why}\n" in done.stdout
        with postgres.connect() as session:
            made = session.execute("SELECT rolname FROM pg_roles WHERE rolname IN ('sample', 'tests')").fetchall()
            left = session.execute("SELECT datname FROM pg_database WHERE NOT datistemplate").fetchall()
    assert len(made) == 2
    assert sorted(left) == [("postgres",), ("tests",)]
