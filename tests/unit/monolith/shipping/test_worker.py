"""Three processes and a broker, as in production: the shop ships, Celery carries the task, a worker books."""

import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from devstack.processes import ManagedProcess
from monolith.shipping.models import Shipment
from strangler.brokers.pgmq.schema import install
from tests.stack import servers

ROOT = Path(__file__).parents[4]
SHIP = (
    "from monolith.orders.models import Order; from monolith.shipping.services import ship; ship(Order.objects.get())"
)
# One process, and no talk with other workers: that is all a test needs, and it starts in a second.
WORKER = ["worker", "--pool=solo", "--without-gossip", "--without-mingle", "--without-heartbeat"]


@pytest.fixture(params=["pgmq", "rabbitmq"])
def broker(request) -> str:
    """Celery's: queues in PostgreSQL to begin with, RabbitMQ as most have it."""
    if request.param == "rabbitmq":
        servers.require_rabbitmq()
        return servers.rabbitmq().start().url
    with psycopg.connect(servers.pgmq_url().replace("pgmq://", "postgresql://", 1), autocommit=True) as queues:
        install(queues)
    return servers.pgmq_url()


@pytest.fixture
def processes(tmp_path, transactional_db, broker) -> Iterator["Processes"]:
    started = Processes(tmp_path, broker)
    yield started
    started.close()


class Processes:
    """Programs of the shop on the test's own database."""

    def __init__(self, folder: Path, broker: str) -> None:
        self._folder, self._running = folder, []
        database = connection.settings_dict
        self._env = {
            "DJANGO_SETTINGS_MODULE": "monolith.settings",
            "SECRET_KEY": "x" * 60,
            "DATABASE_URL": "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database),
            "CELERY_BROKER_URL": broker,
            "EMAIL_FILE_PATH": str(folder / "mail"),
        }

    def start(self, name: str, *arguments: str) -> ManagedProcess:
        command = [sys.executable, "-m", *arguments]
        process = ManagedProcess(name, command, log=self._folder / f"{name}.log", env=self._env, cwd=ROOT)
        self._running.append(process)
        return process.start()

    def close(self) -> None:
        for process in self._running:
            if process.running:
                process.kill_9()


def test_a_worker_books_the_carrier_of_what_the_shop_has_shipped(new_order, processes):
    order = new_order()
    shop = processes.start("shop", "django", "shell", "--no-imports", "-c", SHIP)
    assert shop.wait(timeout=50) == 0, shop.tail()
    assert Shipment.objects.get().status == "packed"
    worker = processes.start("worker", "celery", "-A", "monolith.celery", *WORKER)
    worker.wait_for(lambda: Shipment.objects.get().status == "dispatched", timeout=50, what="the carrier")
    assert order.shipments.get().tracking_number.startswith("PA")
