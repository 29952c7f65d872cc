"""The service as a program: its command line, its settings, and that it stands alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).parents[4]
NEEDED = {"SECRET_KEY": "x" * 60, "DATABASE_URL": "postgresql://127.0.0.1:1/notifications"}


def python(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    clean = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "HOME") if name in os.environ}
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=ROOT, env={**clean, **environment}, capture_output=True, text=True, timeout=60, check=False
    )


def service(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return python("-m", "extracted.notifications", *arguments, **environment)


def settings_of_the_service(expression: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    code = f"from django.conf import settings; print({expression})"
    return service("shell", "--no-imports", "-c", code, **environment)


@pytest.mark.parametrize("missing", ["SECRET_KEY", "DATABASE_URL"])
def test_a_missing_setting_is_named_without_a_traceback(missing):
    outcome = service("check", **{name: value for name, value in NEEDED.items() if name != missing})
    assert outcome.returncode != 0
    assert f"Set the environment variable {missing}" in outcome.stderr
    assert "Traceback" not in outcome.stderr


@pytest.mark.parametrize(
    ("name", "value"), [("DEBUG", "perhaps"), ("DATABASE_URL", "sqlite:///mail.db"), ("EMAIL_PORT", "smtp")]
)
def test_a_mistyped_setting_is_named_without_a_traceback(name, value):
    outcome = service("check", **{**NEEDED, name: value})
    assert name in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_consuming_without_a_broker_names_the_setting():
    outcome = service("consume", **NEEDED)
    assert outcome.returncode != 0
    assert "BROKER_URL" in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_without_debug_the_defaults_are_safe():
    show = "settings.DEBUG, settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE, settings.ALLOWED_HOSTS"
    outcome = settings_of_the_service(show, **NEEDED)
    assert outcome.stdout.strip() == "False True True ['localhost', '127.0.0.1', '[::1]']"


def test_a_shell_set_up_for_the_shop_does_not_lead_the_service_astray():
    outcome = settings_of_the_service("settings.ROOT_URLCONF", **NEEDED, DJANGO_SETTINGS_MODULE="monolith.settings")
    assert outcome.stdout.strip() == "extracted.notifications.urls"


def test_the_service_is_whole_without_the_monolith():
    """Its image holds no monolith; here its absence is acted."""
    code = (
        "import sys; sys.modules['monolith'] = None\n"
        "import extracted.notifications.wsgi\n"
        "from django.core.management import call_command\n"
        "from strangler.inbox.subscriptions import subscriptions\n"
        "from django.urls import reverse\n"
        "call_command('check')\n"
        "print(reverse('email-list'), sorted(subscriptions.of_group('notifications')))\n"
    )
    outcome = python("-c", code, **NEEDED, BROKER_URL="memory://none")
    events = [
        *(
            "orders.order_awaits_payment",
            "orders.order_cancelled",
            "orders.order_placed",
            "orders.order_rejected",
            "payments.payment_captured",
            "payments.payment_refunded",
        ),
        *("shipping.return_received", "shipping.shipment_dispatched"),
    ]
    assert "no issues" in outcome.stdout, outcome.stderr
    assert f"/api/emails/ {events}" in outcome.stdout


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", check=True, dry_run=True)
