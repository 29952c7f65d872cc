"""A consumer whose handlers run in processes of their own: any of them may be killed, the parent too."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress

import psutil
import pytest

from devstack.processes import ManagedProcess
from strangler.testing.relays import progress
from strangler.testing.waiting import until
from tests.support.project import Project

pytestmark = pytest.mark.parametrize("broker_url", ["rabbitmq"], indirect=True)


@pytest.fixture
def project(new_project: Callable[[str], Project]) -> Project:
    project = new_project("polling")
    project.env["CONSUMER_PROCESSES"] = "2"
    return project


def test_killing_a_worker_or_the_parent_loses_and_doubles_nothing_and_leaves_no_orphan(project: Project) -> None:
    load = project.start_load(rate=30)
    project.start_relay()
    consumer = project.start_consumer()
    progress(project, 100)
    first = workers_of(consumer)
    first[0].kill()
    until(lambda: not first[1].is_running() and len(workers_of(consumer)) == 2, "two new workers")
    progress(project, 100)
    second = workers_of(consumer)
    os.kill(consumer.pid, signal.SIGKILL)
    until(lambda: not any(worker.is_running() for worker in second), "the end of the orphans")
    consumer.start()
    progress(project, 100)
    load.terminate()
    project.expect_everything_handled_once_in_order()
    assert consumer.terminate(timeout=20) == 0
    assert not any(worker.is_running() for worker in workers_of(consumer))


def test_a_message_that_kills_its_worker_is_found_out_and_the_parent_lives_on(project: Project) -> None:
    project.publish(("good", 0, "ok"), ("deadly", 0, "crash"), ("deadly", 1, "ok"), ("good", 1, "ok"))
    project.start_relay()
    consumer = project.start_consumer()
    until(lambda: set(project.dead_letters()) == {"deadly"}, "a dead letter", seconds=200)
    project.publish(("good", 2, "ok"))
    until(lambda: project.effects() == {"good": [0, 1, 2]}, "the other thing to go on")
    assert consumer.running
    assert "its process died" in project.dead_letters()["deadly"]


def workers_of(consumer: ManagedProcess) -> list[psutil.Process]:
    """Those that have begun to handle; without the helper that Python's multiprocessing starts."""
    with suppress(psutil.NoSuchProcess):
        children = psutil.Process(consumer.pid).children(recursive=True)
        return [child for child in children if "spawn_main" in " ".join(child.cmdline())]
    return []
