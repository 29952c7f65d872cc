"""One client, written once, at every stage of inventory and payments: what it is told differs in time alone."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from django.db import connection
from rest_framework.test import APIClient

from monolith.catalog.factories import VariantFactory
from monolith.customers.factories import CustomerFactory
from monolith.inventory.events import StockTold
from monolith.inventory.factories import StockItemFactory
from monolith.inventory.models import Reservation, StockItem
from monolith.notifications.models import Email
from monolith.orders import following
from monolith.orders.models import Order
from monolith.payments.models import Payment
from monolith.shipping import services as shipping
from tests.api.shopper import Bought, Refused, Shopper
from tests.support.payments_away import PaymentsAway
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db

STAGES = {
    "monolith": ({}, ()),
    "canary": ({"inventory": {"stage": "canary", "percent": 50}}, ("MUG",)),
    "extracted": ({"inventory": "extracted"}, ("MUG", "POT")),
    "retired": ({"inventory": "retired"}, ("MUG", "POT")),
    "payments": ({"payments": "extracted"}, ()),
}


class Market(NamedTuple):
    """Of mugs there are 5, of pots 100. `sides` is what happens meanwhile."""

    shopper: Callable[..., Shopper]
    sides: TwoSides | PaymentsAway
    is_at_once: bool


@pytest.fixture(params=STAGES)
def market(request: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Market:
    stages, theirs = STAGES[request.param]
    for sku, units in (("MUG", 5), ("POT", 100)):
        StockItemFactory(sku=VariantFactory(sku=sku, price="10.00").sku, on_hand=units)
    settings.STRANGLER = {**settings.STRANGLER, "STAGES": stages}
    sides = PaymentsAway() if "payments" in stages else TwoSides()
    if theirs:
        sides.give_away(*theirs)
        sides.tell(*(StockTold(**sides.service.state(sku)) for sku in theirs))  # before retired: what pages show

    def meanwhile(_seconds: float) -> None:
        assert connection.savepoint_ids == [], "somebody waits within a transaction"
        sides.come_to_rest()

    def shopper(**wishes: Any) -> Shopper:
        client = APIClient()
        client.force_authenticate(CustomerFactory().user)
        return Shopper(client, pause=meanwhile, **wishes)

    monkeypatch.setattr(following, "sleep", meanwhile)
    return Market(shopper, sides, is_at_once=not theirs and "payments" not in stages)


@pytest.fixture(params=[None, 5], ids=["asks again", "prefers to wait"])
def ada(request: Any, market: Market) -> Shopper:
    return market.shopper(patience=request.param)


def bought(outcome: Bought | Refused) -> dict[str, Any]:
    assert isinstance(outcome, Bought), outcome
    return outcome.order


def refused(outcome: Bought | Refused) -> str:
    assert isinstance(outcome, Refused), outcome
    assert outcome.reason
    return outcome.code


def nothing_is_kept_for_her(market: Market) -> bool:
    market.sides.come_to_rest()
    active = Reservation.objects.filter(status="active", expires_at=None)
    return not active.exists() and all(payment.captured == payment.refunded for payment in Payment.objects.all())


def test_she_buys(ada: Shopper) -> None:
    ada.put_into_cart("MUG", 2)
    ada.put_into_cart("POT")
    order = bought(ada.buy())
    assert (order["status"], order["subtotal"], order["cancel_code"]) == ("placed", "30.00", "")
    assert ada.in_the_cart() == {}
    assert ada.look_at(order) == order
    assert Payment.objects.get(order_number=order["number"]).captured == Decimal(order["total"])
    assert sorted(Email.objects.values_list("template", flat=True)) == ["order_confirmation", "payment_receipt"]
    assert dict(StockItem.objects.values_list("sku", "reserved")) == {"MUG": 2, "POT": 1}


def test_there_is_not_enough_and_she_takes_less(ada: Shopper, market: Market) -> None:
    ada.put_into_cart("MUG", 6)
    ada.put_into_cart("POT")
    assert refused(ada.buy()) == "out_of_stock"
    assert ada.in_the_cart() == {"MUG": 6, "POT": 1}
    assert nothing_is_kept_for_her(market)
    ada.put_into_cart("POT", 4)
    ada.client.patch("/api/cart/items/MUG/", {"quantity": 5})
    assert bought(ada.buy())["subtotal"] == "100.00"


def test_her_card_is_declined_and_another_one_is_not(ada: Shopper, market: Market) -> None:
    ada.put_into_cart("MUG")
    assert refused(ada.buy(card="tok_declined")) == "payment_declined"
    assert nothing_is_kept_for_her(market)
    assert bought(ada.buy())["status"] == "placed"
    assert Payment.objects.count() == 1


def test_the_last_mug_goes_to_one_of_two(market: Market) -> None:
    ada, grace = market.shopper(), market.shopper()
    for shopper in (ada, grace):
        shopper.put_into_cart("MUG", 3)
    assert bought(ada.buy())["status"] == "placed"
    assert refused(grace.buy()) == "out_of_stock"
    assert StockItem.objects.get(sku="MUG").reserved == 3


def test_a_request_sent_twice_is_one_order(ada: Shopper) -> None:
    ada.put_into_cart("MUG")
    first, again = bought(ada.buy(key="click-1")), bought(ada.buy(key="click-1"))
    assert first["number"] == again["number"]
    assert ada.orders() == [first["number"]]


def test_she_changes_her_mind(ada: Shopper, market: Market) -> None:
    ada.put_into_cart("MUG", 2)
    order = ada.cancel(bought(ada.buy()))
    assert (order["status"], order["cancel_code"], order["cancel_reason"]) == ("cancelled", "", "changed my mind")
    assert nothing_is_kept_for_her(market)
    assert StockItem.objects.get(sku="MUG").reserved == 0


def test_she_holds_the_goods_and_follows_them_to_her_door(ada: Shopper, market: Market) -> None:
    ada.put_into_cart("MUG", 5)
    assert ada.hold()
    market.sides.come_to_rest()
    order = bought(ada.buy())
    [shipment] = shipping.ship(Order.objects.get(number=order["number"]))
    market.sides.come_to_rest()
    assert ada.look_at(order)["status"] == "shipped"
    shipping.dispatch(shipment, carrier="Paketo", tracking_number="PA1")
    shipping.deliver(shipment)
    assert ada.look_at(order)["status"] == "delivered"
    assert StockItem.objects.get(sku="MUG").on_hand == 0


# What only a client sees that looks closely.


def test_a_pending_order_says_where_and_when_to_look(market: Market) -> None:
    ada = market.shopper()
    ada.put_into_cart("MUG")
    answer = ada.send_checkout()
    number = answer.json()["number"]
    assert answer["Location"] == f"/api/orders/{number}/"
    assert answer.json()["status"] == ("placed" if market.is_at_once else "pending")
    assert answer.get("Retry-After") == ada.client.get(answer["Location"]).get("Retry-After")
    assert answer.get("Retry-After") == (None if market.is_at_once else "1")
    if not market.is_at_once:
        cancelled = ada.client.post(f"/api/orders/{number}/cancel/", {})
        assert (cancelled.status_code, cancelled.json()["code"]) == (409, "order_pending")


@pytest.mark.parametrize("market", ["extracted"], indirect=True)
@pytest.mark.parametrize(
    ("prefer", "applied"),
    [
        *(("wait=5", "wait=5"), ("respond-async, wait=5", "wait=5"), ('WAIT="3"; x=1', "wait=3")),
        *(("wait=100000", "wait=10"), ("wait=0", "wait=0")),
        *(("wait", None), ("wait=", None), ("wait=-1", None), ("await=5", None), ("return=minimal", None)),
    ],
)
def test_what_she_prefers_is_read_as_the_rfc_writes_it(market: Market, prefer: str, applied: str | None) -> None:
    ada = market.shopper()
    ada.put_into_cart("MUG")
    answer = ada.send_checkout(Prefer=prefer)
    assert answer.get("Preference-Applied") == applied
    assert answer.json()["status"] == ("placed" if applied not in {None, "wait=0"} else "pending")


@pytest.mark.parametrize("market", ["extracted"], indirect=True)
def test_who_waits_in_vain_is_answered_in_time_and_asks_again(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter(range(100))
    monkeypatch.setattr(following, "monotonic", lambda: next(seconds))
    monkeypatch.setattr(following, "sleep", lambda _seconds: None)
    ada = market.shopper()
    ada.put_into_cart("MUG")
    answer = ada.send_checkout(Prefer="wait=7")
    assert (answer.status_code, answer.json()["status"], answer["Retry-After"]) == (201, "pending", "1")
    assert next(seconds) == 8


@pytest.mark.parametrize("market", ["monolith", "extracted"], indirect=True)
def test_after_a_refusal_that_was_waited_for_the_same_key_may_try_again(market: Market) -> None:
    ada = market.shopper(patience=5)
    ada.put_into_cart("MUG")
    assert refused(ada.buy(card="tok_declined", key="click-1")) == "payment_declined"
    assert bought(ada.buy(key="click-1"))["status"] == "placed"


@pytest.mark.parametrize("market", ["extracted"], indirect=True)
def test_no_answer_is_a_problem_of_the_shops(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = market.shopper(patience=5)
    ada.put_into_cart("MUG")
    monkeypatch.setattr(following, "sleep", lambda _seconds: market.sides.pass_time())
    answer = ada.send_checkout(Prefer="wait=5")
    assert (answer.status_code, answer.json()["code"]) == (503, "no_answer")
    assert ada.in_the_cart() == {"MUG": 1}
