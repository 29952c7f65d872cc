import os
import subprocess
import sys
from pathlib import Path

import pytest

NEEDED = {"SECRET_KEY": "x" * 60, "DATABASE_URL": "postgresql://127.0.0.1:1/shop"}
ROOT = Path(__file__).parents[3]


def manage(code, **environment):
    """Settings are read once per process, so each case gets a process."""
    clean = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "HOME") if name in os.environ}
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", f"from django.conf import settings; {code}"]
    return subprocess.run(
        command, cwd=ROOT, env={**clean, **environment}, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("missing", ["SECRET_KEY", "DATABASE_URL"])
def test_a_missing_setting_is_named_without_a_traceback(missing):
    environment = {name: value for name, value in NEEDED.items() if name != missing}
    outcome = manage("settings.DEBUG", **environment)
    assert outcome.returncode != 0
    assert f"Set the environment variable {missing}" in outcome.stderr
    assert "Traceback" not in outcome.stderr


@pytest.mark.parametrize(
    ("name", "value"), [("DEBUG", "perhaps"), ("DATABASE_URL", "sqlite:///shop.db"), ("EMAIL_PORT", "smtp")]
)
def test_a_mistyped_setting_is_named_without_a_traceback(name, value):
    outcome = manage("settings.DEBUG", **{**NEEDED, name: value})
    assert name in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_without_debug_the_defaults_are_safe():
    show = "print(settings.DEBUG, settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE, settings.ALLOWED_HOSTS)"
    assert manage(show, **NEEDED).stdout.strip() == "False True True ['localhost', '127.0.0.1', '[::1]']"


def test_mail_goes_into_a_folder_when_one_is_named():
    outcome = manage("print(settings.EMAIL_BACKEND)", **NEEDED, EMAIL_FILE_PATH=str(ROOT))
    assert outcome.stdout.strip() == "django.core.mail.backends.filebased.EmailBackend"


def test_no_broker_is_needed():
    show = "print({name: settings.STRANGLER[name] for name in ('SOURCE', 'BROKER_URL', 'RELAY', 'STAGES')})"
    outcome = manage(show, **NEEDED)
    assert outcome.stdout.strip() == "{'SOURCE': 'shop', 'BROKER_URL': '', 'RELAY': 'polling', 'STAGES': {}}"
