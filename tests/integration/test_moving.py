"""From one broker to the next with traffic on, and back: docs/moving.md, step by step, on real servers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from devstack.processes import ManagedProcess
from strangler.testing.relays import progress
from tests.integration.deployments import broker_url
from tests.support.project import Project
from tests.support.waiting import until


class Moving:
    """A project whose relay, consumer and load run."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.load = project.start_load(rate=40)
        self.relay: ManagedProcess = project.start_relay()
        self.consumer: ManagedProcess = project.start_consumer()

    def to(self, broker: str) -> None:
        """While the load goes on: nothing in it knows of brokers."""
        progress(self.project, 60)
        self.consumer.kill_9()  # so that there is something to empty
        until(self._something_waits, "a backlog")
        assert self.relay.terminate(timeout=20) == 0  # 1: from now on events wait in the outbox
        self.consumer.start()
        until(self._nothing_waits, "the consumer to empty its queue", seconds=60)  # 2
        assert self.consumer.terminate(timeout=20) == 0  # 3
        until(self._nothing_waits, "what the consumer gave back to be gone", seconds=10)
        self.project.move_to(broker_url(broker))  # 4: BROKER_URL, topics, queues
        self.consumer = self.project.start_consumer()  # 5
        self.relay = self.project.start_relay()  # 6

    def _nothing_waits(self) -> bool:
        return self.project.manage_code("consume", "--backlog", "--group", "sample") == 0

    def _something_waits(self) -> bool:
        return not self._nothing_waits()


@pytest.fixture
def project(new_project: Callable[[str], Project]) -> Project:
    return new_project("polling")


@pytest.mark.parametrize("broker_url", ["pgmq"], indirect=True)
def test_events_go_from_pgmq_to_rabbitmq_to_kafka_and_back_and_none_is_lost_or_late(project: Project) -> None:
    moving = Moving(project)
    for broker in ("rabbitmq", "kafka", "pgmq"):
        moving.to(broker)
    progress(project, 100)
    moving.load.terminate()
    project.expect_everything_handled_once_in_order()


@pytest.mark.parametrize("broker_url", ["pgmq"], indirect=True)
def test_a_relay_that_is_too_early_waits_for_the_group_and_keeps_the_order(project: Project) -> None:
    """Step 6 before 4: no queue takes the events, so they are refused, and go out once one does."""
    project.start_consumer()
    relay = project.start_relay()
    project.publish(("a", 0, "ok"))
    until(lambda: project.effects() == {"a": [0]}, "the first")
    relay.terminate(timeout=20)
    project.broker_url = project.env["BROKER_URL"] = broker_url("rabbitmq")
    project.start_relay()
    project.publish(("a", 1, "ok"), ("a", 2, "ok"))
    refused = "SELECT 1 FROM strangler_outbox WHERE relayed_at IS NULL AND last_error <> ''"
    until(lambda: project.rows(refused), "a refusal")
    project.start_consumer()
    until(lambda: project.effects() == {"a": [0, 1, 2]}, "the rest")
