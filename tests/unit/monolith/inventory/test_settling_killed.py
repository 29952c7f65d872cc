"""`settle_stock` as processes: killed in the middle, started again, two of them beside each other."""

import sys
from pathlib import Path

import pytest
from django.db import connection

from devstack.processes import ManagedProcess
from monolith.inventory.factories import WarehouseFactory
from monolith.inventory.models import Ownership, StockItem, StockMovement
from strangler.outbox.models import OutboxMessage
from strangler.testing.waiting import until

ROOT = Path(__file__).parents[4]
SKUS = 3_000


@pytest.fixture
def goods(transactional_db):
    main = WarehouseFactory(code="MAIN")
    items = StockItem.objects.bulk_create(
        [StockItem(sku=f"SKU-{number:05d}", warehouse=main, on_hand=5) for number in range(SKUS)]
    )
    StockMovement.objects.bulk_create(
        [StockMovement(item=item, quantity=5, reason="adjusted", reference="opening") for item in items]
    )


@pytest.fixture
def settling(tmp_path):
    """Starts one, of a shop in which inventory is extracted."""
    started = []

    def start(*arguments: str) -> ManagedProcess:
        env = {
            "DJANGO_SETTINGS_MODULE": "monolith.settings",
            "SECRET_KEY": "x" * 60,
            "DATABASE_URL": "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**connection.settings_dict),
            "BROKER_URL": "memory://nobody",
            "STAGE_INVENTORY": "extracted",
        }
        name = f"settle-{len(started)}"
        command = [sys.executable, "manage.py", "settle_stock", *arguments]
        process = ManagedProcess(name, command, log=tmp_path / f"{name}.log", env=env, cwd=ROOT)
        started.append(process)
        return process.start()

    yield start
    for process in started:
        process.kill_9()


def handed_over():
    return OutboxMessage.objects.filter(routing_key="inventory.stock_handed_over").count()


def test_what_is_killed_goes_on_where_it_was_and_hands_over_each_sku_once(goods, settling):
    first = settling("--follow")
    until(lambda: handed_over() > 0, "the first batch")
    first.kill_9()
    before = handed_over()
    assert 0 < before < SKUS
    assert Ownership.objects.filter(owner="service", epoch=1).count() == before, "a batch is all or nothing"
    both = [settling(), settling()]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    assert handed_over() == SKUS == Ownership.objects.filter(owner="service", epoch=1).count()
