"""The browser tests' browser; where it is missing, that is said aloud."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from devstack import chromium


def require_chromium() -> Path:
    """Skip the test where there is no Chromium; fail it where `STRANGLER_REQUIRE` says there must be one."""
    if (program := chromium.find()) is not None:
        return program
    reason = f"Chromium is not installed here: {chromium.HOW_TO_GET_IT}"
    if "chromium" in os.environ.get("STRANGLER_REQUIRE", ""):
        pytest.fail(f"STRANGLER_REQUIRE asks for chromium. {reason}", pytrace=False)
    return pytest.skip(reason)
