"""What `on_commit(task.delay)` loses, and what the same task sent by an event does not. Celery's broker is RabbitMQ."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from queue import Empty

import kombu
import pytest

from tests.stack import servers
from tests.support.project import Project
from tests.support.waiting import until

DIES_AT = 5
TEN_ORDERS = f"""
    import os, signal, django; django.setup()
    from django.db import transaction
    from strangler.outbox import publish
    from tests.bridged.tasks import send_receipt
    from tests.sample.events import StepTaken
    from tests.sample.models import Effect

    for number in range(10):
        with transaction.atomic():
            order = f"order-{{number}}"
            Effect.objects.create(consumer_group="orders", thing=order, step=0)
            if number == {DIES_AT}:  # right after the commit, as deploys and power cuts do
                transaction.on_commit(lambda: os.kill(os.getpid(), signal.SIGKILL))
"""
BY_CALLBACK = f"{TEN_ORDERS}            transaction.on_commit(lambda: send_receipt.delay(order))\n"
BY_EVENT = f"{TEN_ORDERS}            publish(StepTaken(thing=order, step=0))\n"
COMMITTED = {f"order-{number}" for number in range(DIES_AT + 1)}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    servers.require_rabbitmq()
    url = servers.rabbitmq().start().url
    project = Project(servers.business().start(), url, relay="polling", folder=tmp_path, celery_url=url)
    yield project
    project.close()


def die_over_ten_orders(project: Project, code: str) -> None:
    shop = project.start(code)
    assert shop.wait(timeout=60) == -signal.SIGKILL, shop.tail()
    assert {order for (order,) in project.rows("SELECT thing FROM sample_effect")} == COMMITTED


class Tasks:
    """Those that lie in Celery's queue: the order of each, by the task's id."""

    def __init__(self, project: Project) -> None:
        self._queue = f"{project.exchange}-tasks"
        self.orders: dict[str, str] = {}

    def look(self) -> set[str]:
        with kombu.Connection(servers.rabbitmq().url) as connection:
            queue = connection.SimpleQueue(self._queue)
            try:
                while True:
                    message = queue.get_nowait()
                    self.orders[message.headers["id"]] = message.payload[0][0]
                    message.ack()
            except Empty:
                return set(self.orders.values())


def test_a_process_that_dies_after_its_commit_never_sends_the_task(project: Project) -> None:
    die_over_ten_orders(project, BY_CALLBACK)
    assert Tasks(project).look() == COMMITTED - {f"order-{DIES_AT}"}


def test_the_same_task_sent_by_an_event_is_sent_although_everybody_dies(project: Project) -> None:
    die_over_ten_orders(project, BY_EVENT)
    tasks, relay = Tasks(project), project.start_relay()
    bridge = project.start_consumer("receipts")
    until(tasks.look, "the first task", seconds=60)
    for process in (relay, bridge):
        process.kill_9()
        process.start()
    until(lambda: tasks.look() == COMMITTED, "a task for every order that was committed", seconds=60)
    assert sorted(tasks.orders.values()) == sorted(COMMITTED), "a task that is sent again has its old id"
