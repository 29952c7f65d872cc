"""The scripts of docker-compose.yml, run for real: what a container runs at its first start, without the container."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from devstack import postgres
from devstack.compose import rabbitmq_policy
from devstack.postgres import EmbeddedPostgres
from strangler.brokers.amqp.unroutable import Unroutable
from tests.unit.compose.composed import ROOT

SCRIPTS = ROOT / "devstack/compose"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """As the image starts one, with the script of the first start run."""
    with EmbeddedPostgres(tmp_path_factory.mktemp("postgres")) as server:
        with server.connect() as session:
            password = session.info.password
        owner = {"OWNER": "shop", "OWNER_PASSWORD": "o'pass", "CDC_PASSWORD": "c'pass"}
        where = {"PGHOST": "127.0.0.1", "PGPORT": str(server.port), "PGPASSWORD": password}
        _run("sh", "postgres-init.sh", **owner, **where, CDC_ROLE=str(ROOT / "cdc/sql/role.sql"))
        yield server


@pytest.fixture
def shop(server: EmbeddedPostgres) -> dict[str, str]:
    return {
        "DATABASE_URL": f"postgresql://shop:o%27pass@127.0.0.1:{server.port}/shop",
        "CDC_DATABASE_URL": f"postgresql://strangler_cdc:c%27pass@127.0.0.1:{server.port}/shop",
        "SECRET_KEY": "secret",
        "BROKER_URL": "amqp://nobody@127.0.0.1:9/x",
    }


def test_the_roles_have_the_least_privileges(server: EmbeddedPostgres) -> None:
    with server.connect() as session:
        roles = session.execute(
            "SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles "
            "WHERE rolname IN ('shop', 'strangler_cdc') ORDER BY 1"
        ).fetchall()
        (public,) = session.execute("SELECT has_database_privilege('public', 'shop', 'CONNECT')").fetchall()
    assert roles == [("shop", False, False, False, False), ("strangler_cdc", False, False, False, True)]
    assert public == (False,)


def test_the_shop_is_set_up_by_its_own_role_for_every_relay(server: EmbeddedPostgres, shop: dict[str, str]) -> None:
    """`server` last: it makes a slot, and what is pending would be carried to a broker; nothing is."""
    for relay in ("polling", "server"):
        _run("sh", "shop-setup.sh", **shop, RELAY=relay)
    with server.connect("shop") as session:
        assert session.execute("SELECT slot_name FROM pg_replication_slots").fetchall() == [("strangler_outbox",)]
        assert session.execute("SELECT pubname FROM pg_publication").fetchall() == [("strangler_outbox",)]


class _Management(BaseHTTPRequestHandler):
    """Of RabbitMQ, as far as one policy goes."""

    put: ClassVar[list[tuple[str, Any]]] = []
    status = 201

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.put.append((self.path, json.loads(body)))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize(("status", "code"), [(201, 0), (204, 0), (401, 1)])
def test_the_policy_is_the_one_that_the_doctor_prints(status: int, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Management, "status", status)
    monkeypatch.setattr(_Management, "put", [])
    with HTTPServer(("127.0.0.1", 0), _Management) as api:
        threading.Thread(target=api.serve_forever, daemon=True).start()
        for name, value in {"API": f"http://127.0.0.1:{api.server_port}", "USER": "u", "PASSWORD": "p"}.items():
            monkeypatch.setenv(f"RABBITMQ_{name}", value)
        monkeypatch.setenv("RABBITMQ_VHOST", "strangler")
        assert rabbitmq_policy.main() == code
        api.shutdown()
    *_, name, pattern, definition = shlex.split(Unroutable("amqp://localhost", "events").policy)
    told = {"pattern": pattern, "apply-to": "exchanges", "definition": json.loads(definition)}
    assert _Management.put == [(f"/api/policies/strangler/{name}", told)]


def _run(shell: str, script: str, **env: str) -> None:
    programs = f"{postgres._program('postgres').parent}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        [shell, str(SCRIPTS / script)],
        cwd=ROOT,
        env={"PATH": programs, "LC_ALL": "C.UTF-8", **env},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
