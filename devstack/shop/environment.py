"""What every process of the shop and of its services is told, whatever the caller's shell holds."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from devstack.shop.workspace import Workspace

Environment = dict[str, str | None]
"""A value of None removes the variable."""

_FOREIGN_PREFIXES = (
    *("STAGE_", "STAGES_", "REPORTING_", "INVENTORY_", "PAYMENTS_", "GATEWAY_", "FRAUD_"),
    *("EMAIL_", "PG", "GUNICORN_", "DJANGO_", "CSRF_"),
)
_FOREIGN = (
    "STATIC_ROOT",
    "WEB_CONCURRENCY",
    "DEFAULT_FROM_EMAIL",
    "ADMIN_PASSWORD",
    "RELAY",
    "BROKER_URL",
    "SERVICE_TOKEN",
)


def of_project(name: str, workspace: Workspace, database_url: str, settings: str) -> Environment:
    """Of a Django project on a database of its own, its e-mails in a folder of the workspace."""
    return {
        **_clean(os.environ, workspace.temporary),
        "DJANGO_SETTINGS_MODULE": settings,
        "DATABASE_URL": database_url,
        "SECRET_KEY": secrets.token_urlsafe(40),
        "EMAIL_FILE_PATH": str(workspace.mail / name),
        "DEBUG": "0",
        "HTTPS": "0",  # the browser comes over plain http://127.0.0.1
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "LOG_LEVEL": "INFO",
    }


def _clean(inherited: Mapping[str, str], temporary: Path) -> Environment:
    """Take out what the caller's shell may hold for a shop of theirs."""
    foreign = [name for name in inherited if name.startswith(_FOREIGN_PREFIXES) or name in _FOREIGN]
    return {
        **dict.fromkeys(foreign),
        "TMPDIR": str(temporary),
        "PYTHONUNBUFFERED": "1",
    }
