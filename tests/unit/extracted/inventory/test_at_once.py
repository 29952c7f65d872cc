"""Consumers, people and the clock at the same stock, on a real PostgreSQL."""

from collections import Counter
from datetime import timedelta
from random import Random
from threading import Event
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone

from extracted.inventory import services
from extracted.inventory.changes import LOCK, LOCKS
from extracted.inventory.errors import InventoryError
from extracted.inventory.models import Reservation, StockChange, StockItem
from strangler.inbox.models import InboxMessage, ParkedMessage
from tests.support.at_once import at_once
from tests.support.waiting import until
from tests.unit.extracted.inventory.books import (
    answers,
    batons,
    check_levels,
    check_told,
    levels,
    own_movements,
    promised,
    published,
)
from tests.unit.extracted.inventory.conftest import handling
from tests.unit.extracted.inventory.factories import handed_over, message, promise, recalled, requested

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 6


@pytest.fixture(autouse=True)
def _books():
    yield
    assert list(ParkedMessage.objects.values_list("error", flat=True)) == []
    check_levels()
    check_told()


def handle(*events):
    handling().handle([message(event) for event in events])


def test_consumers_and_pages_never_promise_more_than_there_is():
    """Each SKU is wanted twice as often as it is there; lines come in every order."""
    dice, skus = Random(7), [f"SKU-{n}" for n in range(4)]
    handle(*(handed_over(sku, {"NEAR": (20, 0), "FAR": (10, 0)}) for sku in skus))
    asked = [message(requested("reserve", f"S-{n}", skus=dict.fromkeys(dice.sample(skus, 2), 1))) for n in range(120)]

    def consume(own):
        for start in range(0, len(own), 10):
            handling().handle(own[start : start + 10])

    def hold():
        held = 0
        for n in range(15):
            try:
                wanted = dict.fromkeys(dice.sample(skus, 2), 1)
                services.hold(f"cart:{n}", wanted, expires_at=timezone.now() + timedelta(hours=1))
                held += 1
            except InventoryError:
                pass
        return held

    results, _ = at_once([*(lambda own=asked[place::4]: consume(own) for place in range(4)), hold])
    said = Counter(answers())
    assert sum(said.values()) == 120
    assert said["redirected"] == 0
    units = dict(StockItem.objects.order_by().values_list("sku").annotate(Sum("reserved")))
    assert sum(units.values()) == 2 * (said["done"] + results[-1])
    assert max(units.values()) == 30, "what was wanted most is sold out"
    assert len(published("stock_reserved")) == sum(units.values())


def test_two_consumers_that_get_the_same_messages_do_it_once():
    handle(handed_over("MUG", {"NEAR": (50, 0)}))
    asked = [message(requested("reserve", f"S-{n}", skus={"MUG": 1})) for n in range(20)]
    at_once([lambda: handling().handle(asked) for _ in range(3)])
    assert levels()["MUG", "NEAR"] == (50, 20)
    assert answers() == ["done"] * 20
    assert InboxMessage.objects.count() == 21


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_a_baton_that_arrives_while_it_is_waited_for_forgets_no_change(turn):
    """Several references, each with a change that waits, and one that comes behind it or at the same time."""
    wanted = [message(requested("reserve", f"S-{n}", skus={"MUG": 1, "CUP": 1})) for n in range(4)]
    behind = [message(requested("release", f"S-{n}", skus={"POT": 0})) for n in range(4)]
    handle(handed_over("CUP", {"NEAR": (9, 0)}), handed_over("POT", {"NEAR": (9, 0)}))
    before = 2 * (turn % 3)
    handling().handle(wanted[:before])
    at_once(
        [
            lambda: handle(handed_over("MUG", {"NEAR": (9, 0)})),
            *(lambda each=each: handling().handle([each]) for each in behind[:before]),
            *(lambda n=n: handling().handle([wanted[n], behind[n]]) for n in range(before, 4)),
        ]
    )
    assert not StockChange.objects.filter(status="waiting").exists()
    assert answers() == ["done"] * 8
    assert levels()["MUG", "NEAR"] == (9, 4)


def test_whoever_comes_behind_a_change_that_is_being_decided_waits_for_that():
    """Or it would be decided twice: it still waits in the eyes of whoever looks before the commit."""
    handle(handed_over("POT", {"NEAR": (9, 0)}), requested("reserve", "S-1", skus={"MUG": 2}))
    begun = Event()

    def take_over():
        with transaction.atomic():
            handle(handed_over("MUG", {"NEAR": (9, 0)}))
            begun.set()
            until(somebody_waits_for_a_lock, "who comes behind")

    def come_behind():
        begun.wait(timeout=10)
        handle(requested("release", "S-1", skus={"POT": 0}))

    at_once([take_over, come_behind])
    assert answers() == ["done", "done"]
    assert promised() == {("S-1", "MUG", "NEAR"): 2}


def somebody_waits_for_a_lock():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return cursor.fetchone()[0] > 0


def test_what_a_consumer_that_failed_should_have_decided_is_decided_by_the_clock(capsys):
    """It had the reference, so that the handover left its changes to it, and then it was gone."""
    handling().handle([message(requested("reserve", "S-1", skus={"MUG": 2}))])
    begun, over = Event(), Event()

    def fail():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(LOCK, [LOCKS, ["S-1"]])
            begun.set()
            over.wait(timeout=10)
            transaction.set_rollback(True)

    def hand_over():
        begun.wait(timeout=10)
        handle(handed_over("MUG", {"NEAR": (9, 0)}))
        over.set()

    at_once([fail, hand_over])
    assert answers() == []
    call_command("release_expired_reservations")
    call_command("release_expired_reservations")
    assert capsys.readouterr().out == "decided 1 that waited\n"
    assert promised() == {("S-1", "MUG", "NEAR"): 2}


@pytest.mark.parametrize("turn", range(ROUNDS // 2))
def test_what_is_recalled_while_it_is_wanted_goes_back_with_all_that_was_promised(turn):
    handle(handed_over("MUG", {"NEAR": (9, 0)}), handed_over("CUP", {"NEAR": (9, 0)}))
    asked = [message(requested("reserve", f"S-{n}", skus={"MUG": 1, "CUP": 1})) for n in range(6)]
    _, refused = at_once(
        [
            lambda: handle(recalled("MUG")),
            *(lambda n=n: handling().handle(asked[2 * n : 2 * n + 2]) for n in range(3)),
            lambda: services.adjust_stock("MUG", by=1, reason="counted", warehouse="FAR"),
        ],
        expected=InventoryError,
    )
    done = Counter(answers())["done"]
    [(_, given)] = published("stock_handed_over")
    assert sum(place["reserved"] for place in given["places"]) == done == len(given["promises"])
    assert sum(place["on_hand"] for place in given["places"]) == 10 - len(refused)
    assert batons()["MUG"] == ("monolith", 2)
    assert Counter(answers())["redirected"] == 6 - done


@pytest.mark.parametrize("turn", range(ROUNDS // 2))
def test_an_expiry_that_races_an_order_frees_the_units_once(turn):
    over = timezone.now() - timedelta(hours=1)
    handle(handed_over("MUG", {"NEAR": (3, 3)}, promise("cart:1", 3, expires_at=over)))
    order = message(requested("reserve", "S-1", skus={"MUG": 3}, instead_of="cart:1"))
    results, _ = at_once([services.release_expired, lambda: handling().handle([order]), services.release_expired])
    assert results[0] + results[2] in (0, 1)
    assert promised() == {("S-1", "MUG", "NEAR"): 3}
    assert len(published("stock_released")) == 1


def test_the_same_adjustment_from_many_hands_is_made_once():
    handle(handed_over("MUG", {"NEAR": (3, 0)}))
    change = uuid4()
    at_once([lambda: services.adjust_stock("MUG", by=2, reason="delivery", change=change) for _ in range(6)])
    assert levels()["MUG", "NEAR"] == (5, 0)
    assert own_movements() == {("MUG", "NEAR"): 2}


def test_opposite_orders_of_skus_do_not_deadlock():
    skus = [f"SKU-{n}" for n in range(8)]
    handle(*(handed_over(sku, {"NEAR": (1000, 0)}) for sku in skus))

    def shopper(number):
        dice = Random(number)
        for turn in range(5):
            wanted = dict.fromkeys(dice.sample(skus, 5), 1)
            reference = f"S-{number}-{turn}"
            handle(
                requested("reserve", reference, skus=wanted),
                requested("ship", reference, skus=dict(list(wanted.items())[:2])),
                requested("release", reference, skus=dict.fromkeys(wanted, 0)),
            )
            services.release_expired()

    at_once([lambda n=n: shopper(n) for n in range(5)])
    assert Counter(answers()) == {"done": 75}
    assert not Reservation.objects.filter(status="active").exists()
    assert sum(own_movements().values()) == -50
