"""The browser tests' browser; where it is missing, that is said aloud."""

from __future__ import annotations

from pathlib import Path

from devstack import chromium
from tests.stack.required import require


def require_chromium() -> Path:
    """Skip the test where there is no Chromium; fail it where `STRANGLER_REQUIRE` says there must be one."""
    program = chromium.find()
    require("chromium", None if program else f"Chromium is not installed here: {chromium.HOW_TO_GET_IT}")
    assert program
    return program
