from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.support.gates import service  # noqa: F401  (a fixture)
from tests.unit.cutover import backfilled


@pytest.fixture
def group(settings: Any) -> str:
    """The consumer group `copies`, declared on an exchange of its own, and a relay that nobody runs."""
    settings.STRANGLER = {**settings.STRANGLER, "RELAY": "polling", "EXCHANGE": f"x{uuid4().hex}"}
    backfilled.declare()
    return backfilled.GROUP
