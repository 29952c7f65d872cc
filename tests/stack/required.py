"""What a test needs is there, or that is said aloud: skipped, or failed where it was asked for."""

from __future__ import annotations

import os

import pytest


def require(name: str, missing: str | None) -> None:
    """Go on when nothing is missing, else skip the test; fail it where `STRANGLER_REQUIRE` names what it needs.

    `missing` says what, and how to get it.
    """
    if missing is None:
        return
    if name in os.environ.get("STRANGLER_REQUIRE", "").split(","):
        pytest.fail(f"STRANGLER_REQUIRE asks for {name}. {missing}", pytrace=False)
    pytest.skip(missing)
