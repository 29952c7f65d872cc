"""Which process is told what. The web processes know neither the broker nor the role that reads the log."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from devstack.demo.workspace import Workspace
from devstack.postgres import EmbeddedPostgres

Environment = dict[str, str | None]

OBSERVER = "observer"
DATABASES = ("shop", "notifications", "broker")
_FOREIGN_PREFIXES = ("STAGE_", "EMAIL_", "PG", "GUNICORN_", "DJANGO_", "CSRF_")
_FOREIGN = ("STATIC_ROOT", "WEB_CONCURRENCY", "DEFAULT_FROM_EMAIL", "ADMIN_PASSWORD", "RELAY", "BROKER_URL")


def prepare_databases(postgres: EmbeddedPostgres) -> None:
    """One database a system, each with a role of its own; one role that reads the log, one that only looks on."""
    postgres.ensure_role("cdc", replication=True)
    postgres.ensure_role(OBSERVER)
    for name in DATABASES:
        postgres.ensure_role(name)
        postgres.ensure_database(name, owner=name)
    with postgres.connect() as connection:
        connection.execute(f"GRANT pg_read_all_data TO {OBSERVER}")
        connection.execute(f"GRANT CONNECT ON DATABASE {', '.join(DATABASES)} TO {OBSERVER}")


class Environments:
    """The environment variables of every kind of process."""

    def __init__(self, workspace: Workspace, postgres: EmbeddedPostgres, relay: str) -> None:
        broker: Environment = {"BROKER_URL": postgres.url("broker", "broker").replace("postgresql://", "pgmq://", 1)}
        capture: Environment = {"RELAY": relay, "CDC_DATABASE_URL": postgres.url("shop", "cdc")}
        self.shop_web = _project("shop", workspace, postgres, "monolith.settings")
        self.shop_web["STAGE_NOTIFICATIONS"] = "extracted"
        self.service_web = _project("notifications", workspace, postgres, "extracted.notifications.settings")
        self.shop = self.shop_web | broker | capture
        self.service = self.service_web | broker


def _project(name: str, workspace: Workspace, postgres: EmbeddedPostgres, settings: str) -> Environment:
    return {
        **_clean(os.environ, workspace.temporary),
        "DJANGO_SETTINGS_MODULE": settings,
        "DATABASE_URL": postgres.url(name, name),
        "SECRET_KEY": secrets.token_urlsafe(40),
        "EMAIL_FILE_PATH": str(workspace.mail / name),
        "DEBUG": "0",
        "HTTPS": "0",  # the browser comes over plain http://127.0.0.1
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "LOG_LEVEL": "INFO",
    }


def _clean(inherited: Mapping[str, str], temporary: Path) -> Environment:
    """Take out what the caller's shell may hold for a shop of theirs; None removes a variable."""
    foreign = [name for name in inherited if name.startswith(_FOREIGN_PREFIXES) or name in _FOREIGN]
    return {
        **dict.fromkeys(foreign),
        "TMPDIR": str(temporary),
        "PYTHONUNBUFFERED": "1",
    }
