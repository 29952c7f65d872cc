"""Every relay on every broker against the real things; its last lines name each pair (see tests/conftest.py)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from strangler.testing.relays import STANDSTILL_SECONDS, Deployment, RelayConformance
from tests.integration.deployments import PAIRS, deployment_of


class TestEveryPair(RelayConformance):
    @pytest.fixture(params=PAIRS, ids=" on ".join)
    def pair(self, request: pytest.FixtureRequest) -> tuple[str, str]:
        relay, broker = request.param
        return relay, broker

    @pytest.fixture
    def standstill(self, pair: tuple[str, str]) -> float:
        """Only Kafka gives up a consumer that is silent; the others wait for as long as its connection is there."""
        return STANDSTILL_SECONDS if pair[1] == "kafka" else 4.0

    @pytest.fixture
    def deployment(self, pair: tuple[str, str], tmp_path: Path) -> Iterator[Deployment]:
        with deployment_of(*pair, tmp_path) as deployment:
            yield deployment
