"""Ownership follows the stage, in batches: interrupted, repeated, and by several at once."""

import signal
import threading
from zlib import crc32

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from monolith.inventory import settling
from monolith.inventory.factories import ReservationFactory, StockItemFactory, WarehouseFactory
from monolith.inventory.levels import locked_items
from monolith.inventory.models import Change, Ownership
from monolith.inventory.ownership import hand_over
from monolith.inventory.services import release, request
from monolith.inventory.settling import settle, still_away
from tests.support.at_once import at_once
from tests.unit.monolith.inventory.other_side import Line

pytestmark = pytest.mark.django_db

SKUS = [f"SKU-{number:02d}" for number in range(20)]


@pytest.fixture
def goods():
    for sku in SKUS:
        StockItemFactory(sku=sku)
    StockItemFactory(sku=SKUS[0], warehouse=WarehouseFactory(code="FAR"))


def theirs():
    return set(Ownership.objects.filter(owner="service").values_list("sku", flat=True))


def of_a_canary(percent):
    return {sku for sku in SKUS if crc32(sku.encode()) % 100 < percent}


def test_at_home_nothing_moves(goods, stage, published):
    for early in ("monolith", "emitting", "shadow"):
        stage(early)
        assert settle().handed_over == 0
    assert published() == []


def test_a_side_that_gives_up_nothing_is_not_read(goods, stage):
    stage("shadow")
    with CaptureQueriesContext(connection) as queries:
        settle()
    assert not [query for query in queries if 'FROM "inventory_stockitem"' in query["sql"]]
    stage("extracted")
    settle()
    with CaptureQueriesContext(connection) as queries:
        settle()
    assert not [query for query in queries if "recalled_at" in query["sql"]]


def test_a_canary_takes_its_share_of_skus_and_keeps_it_as_it_grows(goods, stage, line):
    stage("canary:30")
    assert settle().handed_over == len(of_a_canary(30)) > 0
    assert theirs() == of_a_canary(30)
    stage("canary:60")
    settle()
    assert theirs() == of_a_canary(60) > of_a_canary(30)
    line.deliver_all()
    stage("canary:30")
    assert settle().recalled == len(of_a_canary(60) - of_a_canary(30))
    line.deliver_all()
    assert theirs() == of_a_canary(30) == line.service.owned


def test_everything_goes_and_comes_back(goods, stage, line, levels):
    before = levels()
    stage("extracted")
    assert settle().handed_over == 20
    assert settle().handed_over == 0
    line.deliver_all()
    assert line.service.owned == set(SKUS)
    stage("monolith")
    assert still_away() == 20
    assert settle().recalled == 20
    line.deliver_all()
    assert (theirs(), line.service.owned, still_away()) == (set(), set(), 0)
    assert levels() == before
    stage("retired")
    assert settle().handed_over == 20
    assert set(Ownership.objects.values_list("epoch", flat=True)) == {3}


def test_what_was_asked_back_is_not_asked_back_every_second(goods, stage, published, monkeypatch):
    hand_over(SKUS)
    stage("monolith")
    assert (settle().recalled, settle().recalled) == (20, 0)
    monkeypatch.setattr(settling, "RECALL_AGAIN", settling.RECALL_AGAIN * 0)
    assert settle().recalled == 20
    assert len(published("inventory.stock_recalled")) == 40


def test_first_stock_of_a_sku_follows_in_the_next_round(stage):
    stage("extracted")
    assert settle().handed_over == 0
    StockItemFactory(sku="NEW")
    assert settle().handed_over == 1


def test_it_goes_on_where_it_was_stopped(goods, stage, monkeypatch):
    monkeypatch.setattr(settling, "BATCH", 6)
    stage("extracted")
    stop = threading.Event()
    assert settle(stop=stop, progress=lambda _: stop.set()).handed_over == 6
    monkeypatch.setattr(settling, "hand_over", _fails_at_the_second(hand_over))
    with pytest.raises(RuntimeError, match="killed"):
        settle()
    monkeypatch.setattr(settling, "hand_over", hand_over)
    assert len(theirs()) == 12
    assert settle().handed_over == 8
    assert theirs() == set(SKUS)
    assert set(Ownership.objects.values_list("epoch", flat=True)) == {1}


def _fails_at_the_second(real):
    calls = []

    def fake(skus, **options):
        calls.append(skus)
        given = real(skus, **options)
        if len(calls) == 2:
            raise RuntimeError("killed")
        return given

    return fake


def test_changes_that_are_due_are_done(goods, stage, line):
    hand_over(SKUS)
    stage("extracted")
    line.deliver_all()
    request("reserve", "S-1", {SKUS[0]: 1})
    release("S-1", SKUS)
    Change.objects.filter(status="asked").update(status="done")
    assert settle().pursued == 1
    line.deliver_all()
    assert set(Change.objects.values_list("status", flat=True)) == {"done"}


@pytest.mark.django_db(transaction=True)
def test_a_sku_that_somebody_works_on_is_left_or_waited_for(goods, stage, monkeypatch):
    monkeypatch.setattr(settling, "PATIENCE", "50ms")
    stage("extracted")
    held, let_go = threading.Event(), threading.Event()

    def work():
        with transaction.atomic():
            list(locked_items(Q(sku=SKUS[3])))
            held.set()
            let_go.wait(timeout=30)

    def settle_meanwhile():
        assert held.wait(timeout=10)
        try:
            return settle()
        finally:
            let_go.set()

    (done,), _ = (at_once([settle_meanwhile, work])[0][:1], None)
    assert (done.handed_over, done.busy) == (19, 1)
    assert theirs() == set(SKUS) - {SKUS[3]}
    assert settle().handed_over == 1


@pytest.mark.django_db(transaction=True)
def test_several_at_once_hand_over_each_sku_once(goods, stage, published, monkeypatch):
    monkeypatch.setattr(settling, "BATCH", 3)
    for sku in SKUS:
        ReservationFactory(item__sku=sku, reference=f"S-{sku}")
    stage("extracted")
    done, _ = at_once([settle] * 4)
    assert sum(each.handed_over for each in done) == 20 == len(published("inventory.stock_handed_over"))
    line = Line()
    line.position = 0
    line.deliver_all()
    stage("monolith")
    done, _ = at_once([settle] * 4)
    assert sum(each.recalled for each in done) == 20 == len(published("inventory.stock_recalled"))


def test_the_command_tells_what_it_does(goods, stage, line, capsys, monkeypatch):
    monkeypatch.setattr(settling, "BATCH", 12)
    stage("extracted")
    call_command("settle_stock")
    call_command("settle_stock")
    assert capsys.readouterr().out == "12 handed over\n8 handed over\n"
    stage("monolith")
    call_command("settle_stock")
    told = capsys.readouterr().out.splitlines()
    assert told == [
        "12 asked back",
        "8 asked back",
        "20 still with the service: it hands them over when it has heard of it",
    ]


def test_the_command_follows_the_stage_until_it_is_told_to_stop(goods, stage, capsys, monkeypatch):
    rounds = []

    def look(**options):
        rounds.append(1)
        stage("extracted" if len(rounds) > 1 else "monolith")
        if len(rounds) == 3:
            signal.raise_signal(signal.SIGTERM)
        return settle(**options)

    monkeypatch.setattr(settling, "settle", look)
    call_command("settle_stock", "--follow", "--interval", "0.001")
    assert capsys.readouterr().out == "20 handed over\n"
    assert len(rounds) == 3
