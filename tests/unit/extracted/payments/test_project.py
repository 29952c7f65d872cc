"""The service as a program: its command line, its settings, and that it stands alone."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).parents[4]
NEEDED = {"SECRET_KEY": "x" * 60, "DATABASE_URL": "postgresql://127.0.0.1:1/payments"}


def python(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    clean = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "HOME") if name in os.environ}
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=ROOT, env={**clean, **environment}, capture_output=True, text=True, timeout=60, check=False
    )


def service(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return python("-m", "extracted.payments", *arguments, **environment)


def settings_of_the_service(expression: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    code = f"from django.conf import settings; print({expression})"
    return service("shell", "--no-imports", "-c", code, **environment)


@pytest.mark.parametrize("missing", ["SECRET_KEY", "DATABASE_URL"])
def test_a_missing_setting_is_named_without_a_traceback(missing):
    outcome = service("check", **{name: value for name, value in NEEDED.items() if name != missing})
    assert outcome.returncode != 0
    assert f"Set the environment variable {missing}" in outcome.stderr
    assert "Traceback" not in outcome.stderr


@pytest.mark.parametrize(("name", "value"), [("DEBUG", "perhaps"), ("DATABASE_URL", "sqlite:///payments.db")])
def test_a_mistyped_setting_is_named_without_a_traceback(name, value):
    outcome = service("check", **{**NEEDED, name: value})
    assert name in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_consuming_without_a_broker_names_the_setting():
    outcome = service("consume", "--group", "payments", **NEEDED)
    assert outcome.returncode != 0
    assert "BROKER_URL" in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_a_worker_without_a_gateway_names_the_setting():
    outcome = service("settle_calls", **NEEDED)
    assert outcome.returncode != 0
    assert "GATEWAY_URL" in outcome.stderr
    assert "Traceback" not in outcome.stderr


@pytest.mark.parametrize(
    "arguments", [("settle_calls", "--at-once", "0"), ("prune_payments", "--hours", "-1")], ids=lambda words: words[0]
)
def test_a_number_out_of_bounds_is_named(arguments):
    outcome = service(*arguments, **NEEDED, GATEWAY_URL="http://127.0.0.1:9/")
    assert f"{arguments[1]} {arguments[2]}" in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_without_debug_the_defaults_are_safe():
    show = "settings.DEBUG, settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE, settings.ALLOWED_HOSTS"
    outcome = settings_of_the_service(show, **NEEDED)
    assert outcome.stdout.strip() == "False True True ['localhost', '127.0.0.1', '[::1]']"


def test_a_shell_set_up_for_the_shop_does_not_lead_the_service_astray():
    outcome = settings_of_the_service("settings.ROOT_URLCONF", **NEEDED, DJANGO_SETTINGS_MODULE="monolith.settings")
    assert outcome.stdout.strip() == "extracted.payments.urls"


def test_the_service_is_whole_without_the_monolith():
    """Its image holds no monolith; here its absence is acted."""
    code = (
        "import sys; sys.modules['monolith'] = None\n"
        "import extracted.payments.wsgi\n"
        "from django.core.management import call_command\n"
        "from strangler.inbox.subscriptions import subscriptions\n"
        "from django.urls import reverse\n"
        "call_command('check')\n"
        "print(reverse('payment-list'), len(subscriptions.of_group('payments')), subscriptions.groups())\n"
    )
    outcome = python("-c", code, **NEEDED, BROKER_URL="memory://none")
    assert "no issues" in outcome.stdout, outcome.stderr
    assert "/api/payments/ 8 ['fraud', 'payments']" in outcome.stdout


def test_events_of_the_streams_are_on_no_map(capsys):
    call_command("topology", json=True)
    types = {route["type"] for route in json.loads(capsys.readouterr().out)}
    assert "payments.payment_captured.v1" in types
    assert "payments.money_captured.v1" not in types


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", check=True, dry_run=True)
