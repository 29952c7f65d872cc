"""Whichever side sends an e-mail, the customer must not notice."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from monolith.notifications.services import TEMPLATES

ROOT = Path(__file__).parents[3]
FOLDER = "notifications/templates/notifications"
NAMES = sorted(f"{template}.{part}.txt" for template in TEMPLATES.values() for part in ("subject", "body"))


def test_both_sides_have_the_same_templates():
    for side in ("monolith", "extracted"):
        assert sorted(path.name for path in (ROOT / side / FOLDER).iterdir()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_both_sides_use_the_same_words(name):
    assert (ROOT / "extracted" / FOLDER / name).read_bytes() == (ROOT / "monolith" / FOLDER / name).read_bytes()


def test_the_service_handles_every_event_that_is_worth_an_email_to_the_monolith():
    needed = {"SECRET_KEY": "x" * 60, "DATABASE_URL": "postgresql://127.0.0.1:1/notifications"}
    command = [sys.executable, "-m", "extracted.notifications", "topology", "--json", "--skip-checks"]
    outcome = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **needed}, capture_output=True, timeout=60, check=True
    )
    handled = {route["type"] for route in json.loads(outcome.stdout) if route["consumers"]}
    assert handled == {f"{event.event_type}.v{event.version}" for event in TEMPLATES}
