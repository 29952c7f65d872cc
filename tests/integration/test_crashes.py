"""Several relays of one system, at once or one after the other, while they are killed.

What they do about each other they do in the outbox, so one broker is enough. What every relay has to stand on every
broker is in test_relays.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from devstack.processes import ManagedProcess
from strangler.testing.relays import progress
from tests.support.project import Project


@pytest.mark.parametrize("broker_url", ["kafka"], indirect=True)
def test_two_relays_and_two_consumers_keep_the_order_while_they_are_killed(
    new_project: Callable[[str], Project],
) -> None:
    project = new_project("polling")
    load = project.start_load()
    victims = [project.start_relay(), project.start_relay(), project.start_consumer(), project.start_consumer()]
    for victim in victims:
        progress(project, 200)
        victim.kill_9()
        victim.start()
    load.terminate()
    project.expect_everything_handled_once_in_order()


@pytest.mark.parametrize("broker_url", ["rabbitmq"], indirect=True)
@pytest.mark.parametrize("kinds", [["polling", "debezium", "stream", "polling", "stream"]], ids=" to ".join)
def test_switching_relays_under_load_loses_and_reorders_nothing(
    new_project: Callable[[str], Project], kinds: list[str]
) -> None:
    project = new_project(kinds[0])
    project.start_consumer()
    load = project.start_load()
    before: ManagedProcess | None = None
    for kind in kinds:
        now = project.start_relay(kind)  # both run for a moment, as in a rolling deploy
        if before:
            before.terminate(timeout=20)
        progress(project, 300)
        before = now
    load.terminate()
    project.expect_everything_handled_once_in_order()
