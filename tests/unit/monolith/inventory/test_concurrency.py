"""Threads against a real PostgreSQL. The books are checked after each test, by the fixture of this folder."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from monolith.errors import NothingToShip, OutOfStock
from monolith.inventory.factories import ReservationFactory, StockItemFactory, WarehouseFactory
from monolith.inventory.models import Reservation, StockItem
from monolith.inventory.services import (
    adjust_stock,
    claim_hold,
    dispatch_transfer,
    plan_transfer,
    release,
    release_expired,
    reserve,
    ship,
)

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*jobs):
    """One thread per job, all starting together; returns what each returned, or the refusal."""
    ready = Barrier(len(jobs))

    def run(job):
        try:
            ready.wait(timeout=10)
            return job()
        except (OutOfStock, NothingToShip) as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs, timeout=60))


def expired_hold(item, reference, quantity):
    ReservationFactory(
        item=item, reference=reference, quantity=quantity, expires_at=timezone.now() + timedelta(hours=1)
    )
    Reservation.objects.filter(reference=reference).update(expires_at=timezone.now() - timedelta(seconds=1))


def test_many_at_once_never_get_more_than_there_is():
    for code, on_hand in (("NEAR", 7), ("FAR", 4)):
        StockItemFactory(sku="MUG", on_hand=on_hand, warehouse=WarehouseFactory(code=code))
    outcomes = at_once(*(lambda n=n: reserve(f"S-{n}", {"MUG": 1}) for n in range(16)))
    refused = [outcome for outcome in outcomes if isinstance(outcome, OutOfStock)]
    assert len(refused) == 5
    assert sum(StockItem.objects.values_list("reserved", flat=True)) == 11


def test_whoever_takes_the_last_of_one_sku_leaves_the_other_alone():
    """All or nothing, in a race too: five MUGs, plenty of CUPs, orders for one of each."""
    StockItemFactory(sku="MUG", on_hand=5)
    StockItemFactory(sku="CUP", on_hand=50)
    at_once(*(lambda n=n: reserve(f"S-{n}", {"CUP": 1, "MUG": 1}) for n in range(8)))
    assert dict(StockItem.objects.values_list("sku", "reserved")) == {"MUG": 5, "CUP": 5}


def test_opposite_orders_of_locks_do_not_deadlock():
    """Items are created in random order, so that neither their age nor their place in the table gives the order."""
    skus = [f"SKU-{number}" for number in range(12)]
    near, far = WarehouseFactory(code="NEAR", priority=1), WarehouseFactory(code="FAR", priority=2)
    dice = random.Random(7)
    for sku, warehouse in dice.sample([(sku, place) for sku in skus for place in (near, far)], 24):
        StockItemFactory(sku=sku, warehouse=warehouse, on_hand=1000)
    expired_hold(StockItem.objects.first(), "cart:1", 1)

    def shopper(number):
        for turn in range(4):
            wanted = dict.fromkeys(dice.sample(skus, 8), 1)
            claim_hold("cart:1", f"S-{number}-{turn}", wanted)
            ship(f"S-{number}-{turn}", dict(list(wanted.items())[:4]))
            release(f"S-{number}-{turn}", wanted)

    def mover(source, destination):
        for _ in range(4):
            dispatch_transfer(plan_transfer(source, destination, dict.fromkeys(dice.sample(skus, 8), 1)))
            release_expired()

    outcomes = at_once(*(lambda n=n: shopper(n) for n in range(5)), lambda: mover(near, far), lambda: mover(far, near))
    assert outcomes == [None] * 7


def test_the_first_stock_of_a_sku_in_many_hands_is_one_item():
    WarehouseFactory(code="MAIN")
    at_once(*(lambda: adjust_stock("MUG", by=1, reason="delivery") for _ in range(8)))
    assert StockItem.objects.get().on_hand == 8


@pytest.mark.parametrize("turn", range(5))
def test_an_expiry_that_races_a_checkout_frees_the_units_once(turn, published):
    """The checkout gets them in any case: nobody else wants them."""
    expired_hold(StockItemFactory(sku="MUG", on_hand=3), "cart:1", 3)
    released, claimed, again = at_once(
        release_expired, lambda: claim_hold("cart:1", "S-1", {"MUG": 3}), release_expired
    )
    assert claimed["MUG"].quantity == 3
    assert released + again in (0, 1)
    assert StockItem.objects.get().reserved == 3
    assert len(published("inventory.stock_released")) == 1


@pytest.mark.parametrize("turn", range(5))
def test_a_cancellation_that_races_a_shipment_wins_or_loses_as_a_whole(turn):
    item = StockItemFactory(sku="MUG", on_hand=3)
    ReservationFactory(item=item, reference="S-1", quantity=3)
    _, shipped = at_once(lambda: release("S-1", ["MUG"]), lambda: ship("S-1", {"MUG": 3}))
    item.refresh_from_db()
    assert (item.on_hand, item.reserved) == ((3, 0) if isinstance(shipped, NothingToShip) else (0, 0))


def test_a_write_off_cannot_take_what_is_being_promised():
    StockItemFactory(sku="MUG", on_hand=4)
    at_once(
        *(lambda n=n: reserve(f"S-{n}", {"MUG": 1}) for n in range(4)),
        *(lambda: adjust_stock("MUG", by=-1, reason="broken") for _ in range(4)),
    )
    assert StockItem.objects.get().available == 0
