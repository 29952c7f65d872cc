"""Threads against a real PostgreSQL: a SKU changes hands while others reserve, ship and stock it for the first time."""

import random
import threading
from functools import partial

import pytest
from django.db import connection, transaction
from django.db.models import Q

from monolith.errors import NothingToShip, OutOfStock, StockElsewhere
from monolith.inventory.factories import StockItemFactory, WarehouseFactory
from monolith.inventory.levels import locked_items, locked_items_in
from monolith.inventory.models import Change, Ownership, Reservation, StockItem
from monolith.inventory.ownership import hand_over, recall
from monolith.inventory.pursuing import work_off
from monolith.inventory.services import adjust_stock, claim_hold, release, request, ship
from tests.support.at_once import at_once
from tests.unit.monolith.inventory.other_side import Line

pytestmark = pytest.mark.django_db(transaction=True)

SKUS = [f"SKU-{number}" for number in range(4)]


def told_at_the_move(published, sku):
    [told] = [m["data"] for m in published("inventory.stock_handed_over") if m["data"]["sku"] == sku]
    return told


@pytest.mark.parametrize("turn", range(5))
def test_what_is_handed_over_is_what_was_there_and_nothing_is_done_after_it(turn, published):
    """Who comes later is refused, and all that was promised before goes along."""
    for sku in SKUS:
        StockItemFactory(sku=sku, on_hand=5)
    buyers = [partial(claim_hold, "cart:1", f"S-{n}", dict.fromkeys(SKUS, 1)) for n in range(8)]
    order = [*buyers, partial(hand_over, SKUS, wait=True)]
    random.Random(turn).shuffle(order)
    done, _ = at_once(order, expected=(OutOfStock, StockElsewhere))
    assert sorted(next(each for each in done if isinstance(each, list))) == SKUS
    bought = len(done) - 1
    for sku in SKUS:
        [place] = told_at_the_move(published, sku)["places"]
        assert place["reserved"] == len(told_at_the_move(published, sku)["promises"]) == bought
        assert StockItem.objects.get(sku=sku).reserved == bought
    assert bought <= 5
    last = [m["type"] for m in published() if m["partitionkey"] == f"inventory.stock_item:{SKUS[0]}"][-1]
    assert last == "inventory.stock_handed_over.v1"


def test_buyers_and_a_baton_that_goes_round_and_round():
    """Nothing is oversold, at most one side owns a SKU at each moment, and in the end both have the same."""
    for sku in SKUS:
        StockItemFactory(sku=sku, on_hand=12)
    line, over, dice = Line(), threading.Event(), random.Random(4)
    bought: list[str] = []

    def buyer(number):
        own = random.Random(number)
        for turn in range(6):
            reference, wanted = f"S-{number}-{turn}", dict.fromkeys(own.sample(SKUS, 2), 1)
            try:
                request("reserve", reference, wanted)
                bought.append(reference)
                if turn % 3 == 1:
                    release(reference, wanted)
                if turn % 3 == 2:
                    request("ship", reference, wanted)
            except (OutOfStock, NothingToShip):
                pass

    def mover():
        while not over.is_set():
            some = dice.sample(SKUS, 2)
            hand_over(some, wait=dice.random() < 0.5)
            carry()
            recall(some)
            carry()

    def carry():
        for place in line.waiting():
            line.deliver(place, most=5)
            ours = set(SKUS) - set(Ownership.objects.filter(owner="service").values_list("sku", flat=True))
            assert not ours & line.service.owned

    def buy():
        try:
            at_once([partial(buyer, number) for number in range(4)])
        finally:
            over.set()

    at_once([buy, mover])
    recall(SKUS)
    line.deliver_all()
    settle_down(line)
    assert not Change.objects.filter(status__in=Change.OPEN).exists()
    assert line.service.owned == set()
    for item in StockItem.objects.all():
        active = Reservation.objects.filter(item=item, status="active").values_list("quantity", flat=True)
        assert 0 <= item.reserved == sum(active) <= item.on_hand
        assert line.service.levels[item.sku]["MAIN"] == [item.on_hand, item.reserved]


def settle_down(line):
    """Until nothing is left to be said or done."""
    for _ in range(50):
        Change.objects.filter(status__in=["waiting", "redirected"]).update(due_at="2026-01-01T00:00:00Z")
        if not work_off() and not line.waiting():
            return
        line.deliver_all()


def test_a_sku_is_left_as_long_as_somebody_works_on_one_of_its_places():
    item = StockItemFactory(sku="MUG", on_hand=3)
    StockItemFactory(sku="MUG", on_hand=3, warehouse=WarehouseFactory(code="FAR"))
    held, over = threading.Event(), threading.Event()

    def work():
        with transaction.atomic():
            list(locked_items(Q(pk=item.pk)))
            held.set()
            assert over.wait(timeout=20)

    def try_to_hand_over():
        assert held.wait(timeout=20)
        try:
            return hand_over(["MUG"])
        finally:
            over.set()

    assert at_once([work, try_to_hand_over])[0] == [None, []]
    assert hand_over(["MUG"]) == ["MUG"]


def test_nobody_hands_over_a_sku_whose_first_item_somebody_is_about_to_make(published):
    """A row that is not there yet cannot be locked."""
    StockItemFactory(sku="MUG", on_hand=3)
    far = WarehouseFactory(code="FAR")
    made, go_on = threading.Event(), threading.Event()

    def stock_it_elsewhere():
        with transaction.atomic():
            locked_items_in(far, ["MUG"])
            made.set()
            assert go_on.wait(timeout=20)
            adjust_stock("MUG", by=4, reason="delivery", warehouse=far)

    def give_it_away():
        assert made.wait(timeout=20)
        try:
            return hand_over(["MUG"], wait=True)
        finally:
            go_on.set()

    outcomes, _ = at_once([stock_it_elsewhere, give_it_away])
    assert outcomes == [None, []]
    assert hand_over(["MUG"]) == ["MUG"]
    places = told_at_the_move(published, "MUG")["places"]
    assert {place["warehouse"]["code"]: place["on_hand"] for place in places} == {"MAIN": 3, "FAR": 4}


def test_nobody_makes_a_first_item_of_a_sku_that_is_being_handed_over(published):
    StockItemFactory(sku="MUG", on_hand=3)
    far = WarehouseFactory(code="FAR")
    given = threading.Event()

    def give_it_away():
        with transaction.atomic():
            assert hand_over(["MUG"]) == ["MUG"]
            given.set()
            wait_until_somebody_waits()

    def stock_it_elsewhere():
        assert given.wait(timeout=20)
        return adjust_stock("MUG", by=4, reason="delivery", warehouse=far)

    _, item = at_once([give_it_away, stock_it_elsewhere])[0]
    assert item.on_hand == 0, "the service is asked"
    assert Change.objects.get().status == "asked"
    [place] = told_at_the_move(published, "MUG")["places"]
    assert place["on_hand"] == 3


def wait_until_somebody_waits():
    for _ in range(400):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'")
            if cursor.fetchone()[0]:
                return
            cursor.execute("SELECT pg_sleep(0.01)")
    raise AssertionError("nobody waits for the baton")


@pytest.mark.parametrize("turn", range(4))
def test_first_items_and_a_hand_over_at_once_leave_no_unit_behind(turn, published):
    StockItemFactory(sku="MUG", on_hand=1)
    places = [WarehouseFactory(code=f"W-{n}") for n in range(4)]
    jobs = [partial(adjust_stock, "MUG", by=2, reason="delivery", warehouse=place) for place in places]
    jobs.insert(turn, partial(hand_over, ["MUG"], wait=True))
    at_once(jobs)
    hand_over(["MUG"])
    told = told_at_the_move(published, "MUG")["places"]
    asked = Change.objects.filter(status="asked").count()
    assert sum(place["on_hand"] for place in told) + 2 * asked == 9
    here = StockItem.objects.exclude(on_hand=0).values_list("warehouse__code", "on_hand")
    assert {place["warehouse"]["code"]: place["on_hand"] for place in told if place["on_hand"]} == dict(here)


def test_ship_and_release_race_with_a_hand_over_and_one_side_does_each_once(published):
    StockItemFactory(sku="MUG", on_hand=6)
    for number in range(6):
        request("reserve", f"S-{number}", {"MUG": 1})
    jobs = [partial(release, f"S-{n}", ["MUG"]) if n % 2 else partial(ship, f"S-{n}", {"MUG": 1}) for n in range(6)]
    at_once([*jobs, partial(hand_over, ["MUG"], wait=True)])
    line = Line()
    line.position = 0
    line.deliver_all()
    [item] = StockItem.objects.all()
    assert (item.on_hand, item.reserved) == (3, 0)
    assert line.service.levels["MUG"]["MAIN"] == [3, 0]
    assert set(Change.objects.values_list("status", flat=True)) <= {"done"}
