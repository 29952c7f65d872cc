"""The sample project where Debezium runs in a host of its own."""

from __future__ import annotations

import os

from tests.sample.settings import *  # noqa: F403
from tests.sample.settings import STRANGLER

STRANGLER = {
    **STRANGLER,
    "CDC": {
        **STRANGLER["CDC"],  # type: ignore[dict-item]
        "HEARTBEAT_INTERVAL_MS": 200,
        "CONNECT_URL": os.environ.get("CONNECT_URL", "http://localhost:8083"),
        "CONNECTOR": os.environ.get("SLOT", "strangler-outbox"),
    },
}
