"""An order whose goods the inventory service keeps, as its customer sees it: always with a word of what comes next."""

import pytest

from monolith.orders.factories import OrderFactory, PromotionFactory
from monolith.orders.models import Order
from tests.support.two_sides import TwoSides
from tests.unit.monolith.storefront.test_checkout import filled_in
from tests.unit.monolith.storefront.test_orders import steps

pytestmark = pytest.mark.django_db


@pytest.fixture
def sides(cart):
    sides = TwoSides()
    sides.give_away(*cart.items.values_list("variant__sku", flat=True))
    return sides


def order_page(browser, at):
    return browser.get(at("order", number=Order.objects.get().number))


def buy(browser, at, **wishes):
    page = browser.get(at("checkout"))
    address = {"new-recipient": "Ada", "new-street": "Ring 1", "new-postal_code": "1010", "new-city": "Wien"}
    chosen = {"address": "new", **address, "new-country": "AT"}
    form = filled_in(browser.post(at("checkout"), {**filled_in(page), **chosen, "update": "1"}), **chosen, **wishes)
    return browser.post(at("checkout"), {**form, "place": "1"}, follow=True)


def test_a_pending_order_says_what_is_going_on_and_that_there_will_be_news(browser, at, sides, messages_in):
    page = buy(browser, at)
    assert "Whether it can be placed you see here in a moment" in messages_in(page)[0]
    assert "checking stock and payment" in page.text
    assert steps(page) == [("Received", "done"), ("Placed", "current"), ("Shipped", "coming"), ("Delivered", "coming")]
    assert "data-expects-news" in page.text
    assert "Cancel this order" not in page.text
    assert "Payment</h2>" not in page.text


def test_it_becomes_a_placed_one_by_itself(browser, at, sides):
    before = buy(browser, at)
    sides.deliver_all()
    page = order_page(browser, at)
    assert page.context["version"] != before.context["version"]
    assert steps(page) == [("Placed", "done"), ("Shipped", "current"), ("Delivered", "coming")]
    assert "paid" in page.text


@pytest.mark.parametrize(
    ("card", "reason"), [("tok_declined", "the bank declined it"), ("tok_visa", "did not answer in time")]
)
def test_one_that_comes_to_nothing_says_why_and_where_the_goods_are(browser, at, sides, card, reason):
    before = buy(browser, at, card_token=card)
    if card == "tok_declined":
        sides.deliver_all()
    for _ in range(3):
        sides.pass_time()
    page = order_page(browser, at)
    assert page.context["version"] != before.context["version"]
    for text in ("We could not place this order.", reason, "You pay nothing for it.", at("cart")):
        assert text in page.text
    assert steps(page) == [("Received", "done"), ("Not placed", "done")]
    assert "data-expects-news" not in page.text
    assert browser.get(at("cart")).context["rows"]


def test_a_cancellation_that_crosses_the_decision_is_refused_kindly(browser, at, sides, messages_in):
    buy(browser, at)
    answer = browser.post(at("cancel-order", number=Order.objects.get().number), follow=True)
    assert "not placed yet. Wait until it is" in messages_in(answer)[-1]


def test_my_orders_show_it_as_pending(browser, at, sides):
    buy(browser, at)
    assert '<span class="badge pending">Pending</span>' in browser.get(at("orders")).text


def test_the_checkout_asks_the_service_to_hold_what_it_keeps_and_promises_no_more_than_that(browser, at, sides):
    page = browser.get(at("checkout")).text
    assert "We have asked our warehouse to hold these goods for you until" in page
    assert "We hold these goods" not in page
    assert "data-minutes-left" not in page
    sides.deliver_all()
    assert [each.quantity for mine in sides.service.promises.values() for each in mine] == [2]


def test_a_code_is_back_in_the_cart_with_the_goods(browser, at, cart, sides):
    cart.promotion = PromotionFactory()
    cart.save()
    OrderFactory(cart=cart, card_token="tok_declined")
    sides.deliver_all()
    assert cart.promotion.code in browser.get(at("cart")).text
