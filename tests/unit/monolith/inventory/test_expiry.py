import signal
import threading
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from monolith.inventory import reservations
from monolith.inventory.factories import ReservationFactory, StockItemFactory
from monolith.inventory.levels import locked_items
from monolith.inventory.management.commands import release_expired_reservations
from monolith.inventory.models import Reservation
from monolith.inventory.services import release_expired

pytestmark = pytest.mark.django_db

Status = Reservation.Status


def hold(**options):
    return ReservationFactory(expires_at=timezone.now() + timedelta(hours=1), **options)


def time_passes():
    Reservation.objects.filter(expires_at__isnull=False).update(expires_at=timezone.now() - timedelta(seconds=1))


def test_what_has_expired_is_free_again(levels, published):
    mug = StockItemFactory(sku="MUG", on_hand=5)
    hold(item=mug, quantity=3, reference="cart:1")
    ReservationFactory(item=mug, quantity=1, reference="S-1")
    time_passes()
    hold(item=StockItemFactory(sku="CUP", on_hand=5), quantity=1, reference="cart:2")
    assert (release_expired(), release_expired()) == (1, 0)
    assert levels() == {("MUG", "MAIN"): (5, 1), ("CUP", "MAIN"): (5, 1)}
    [told] = published("inventory.stock_released")
    assert (told["data"]["reference"], told["data"]["expired"], told["data"]["reserved"]) == ("cart:1", True, 1)
    assert set(Reservation.objects.values_list("reference", "status")) == {
        ("cart:1", Status.EXPIRED),
        ("cart:2", Status.ACTIVE),
        ("S-1", Status.ACTIVE),
    }


def test_much_is_released_in_bounded_batches(monkeypatch, published):
    monkeypatch.setattr(reservations, "BATCH", 2)
    mug = StockItemFactory(on_hand=50)
    for number in range(5):
        hold(item=mug, reference=f"cart:{number}")
        hold(reference=f"cart:other-{number}")
    time_passes()
    assert release_expired() == 10
    assert len(published("inventory.stock_released")) == 10


def test_many_cost_no_more_queries_than_one():
    def queries(count):
        mug = StockItemFactory()
        for number in range(count):
            hold(item=mug if number % 2 else StockItemFactory())
        time_passes()
        with CaptureQueriesContext(connection) as captured:
            assert release_expired() == count
        return len(captured)

    assert queries(1) == queries(20)


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_an_item_somebody_is_working_on():
    busy, idle = StockItemFactory(), StockItemFactory()
    hold(item=busy)
    hold(item=idle)
    time_passes()
    locked, done = threading.Event(), threading.Event()

    def work():
        with transaction.atomic():
            list(locked_items(Q(pk=busy.pk)))
            locked.set()
            done.wait(timeout=30)
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        assert locked.wait(timeout=10)
        assert release_expired() == 1
        assert Reservation.objects.get(status=Status.ACTIVE).item_id == busy.pk
    finally:
        done.set()
        worker.join()
    assert release_expired() == 1


def test_the_command_says_how_many(capsys):
    hold()
    time_passes()
    call_command("release_expired_reservations")
    call_command("release_expired_reservations")
    assert capsys.readouterr().out == "released 1\n"


def test_the_command_goes_on_until_it_is_told_to_stop(monkeypatch, capsys):
    rounds = []

    def release():
        rounds.append(1)
        if len(rounds) == 3:
            signal.raise_signal(signal.SIGTERM)
        return len(rounds)

    monkeypatch.setattr(release_expired_reservations, "release_expired", release)
    call_command("release_expired_reservations", "--loop", "--interval", "0.001")
    assert capsys.readouterr().out == "released 1\nreleased 2\nreleased 3\n"


@pytest.mark.parametrize("interval", ["0", "-1"])
def test_an_interval_of_no_time_is_refused(interval):
    with pytest.raises(CommandError, match="--interval must be more than 0"):
        call_command("release_expired_reservations", f"--interval={interval}")
