"""From polling to Debezium in a host of its own with traffic on, and back: docs/moving.md, on real servers."""

from __future__ import annotations

from pathlib import Path

import pytest

from strangler.testing.relays import progress
from tests.integration.deployments import HostedDeployment, broker_url, hosted
from tests.stack import servers
from tests.support.slots import drop_slot


@pytest.mark.parametrize(("relay", "broker"), [("server", "rabbitmq"), ("connect", "kafka")], ids=" on ".join)
def test_polling_hands_over_to_a_host_and_back_and_nothing_is_lost_or_late(
    relay: str, broker: str, tmp_path: Path
) -> None:
    with hosted(relay, broker_url(broker), tmp_path) as deployment:
        _without_slot(deployment)
        deployment.start_consumer()
        load = deployment.start_load(rate=40)
        polling = deployment.start_relay("polling")
        progress(deployment, 100)
        assert polling.terminate(timeout=20) == 0
        deployment.manage("cdc_setup")
        host = deployment.start_relay()
        progress(deployment, 150)
        assert host.terminate(timeout=20) == 0
        deployment.start_relay("polling")
        progress(deployment, 150)
        load.terminate()
        deployment.expect_everything_handled_once_in_order()


def _without_slot(deployment: HostedDeployment) -> None:
    """As a system is that has only ever polled."""
    with servers.business().connect(deployment.name) as session:
        drop_slot(session, deployment.name)
