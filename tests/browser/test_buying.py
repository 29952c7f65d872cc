"""A person can buy something and watch the order go through."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from monolith.inventory.models import StockItem
from monolith.orders.factories import PromotionFactory
from monolith.orders.models import Order
from monolith.shipping import services as shipping
from tests.browser.shopping import as_a_customer_with, fill_in_the_checkout, put_on_sale, register, total
from tests.support.two_sides import TwoSides

OpenPage = Callable[..., Page]
SENT_TWICE = """async () => {
    const body = new FormData(document.getElementById("checkout"));
    body.set("place", "1");
    const send = () => fetch(location.href, { method: "POST", body });
    return (await Promise.all([send(), send()])).map((answer) => answer.url);
}"""


def test_a_visitor_registers_buys_and_watches_the_order_arrive(open_page: OpenPage) -> None:
    put_on_sale("Oak chair", price="50.00")
    put_on_sale("Steel pan")
    page = open_page()
    page.goto("/")
    page.get_by_role("searchbox").fill("chairs")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("link", name="Steel pan")).to_have_count(0)
    page.get_by_role("link", name="Oak chair").click()
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("main").get_by_role("link", name="Register").click()
    register(page)
    expect(page.get_by_text("Welcome, Ada Lovelace")).to_be_visible()
    expect(page.get_by_role("heading", name="Oak chair")).to_be_visible()
    fill_in_the_checkout(page)
    expect(page.get_by_text("15 minutes")).to_be_visible()
    page.get_by_role("button", name="Place order").click()
    expect(page.get_by_text("Thank you!")).to_be_visible()
    _watch_it_arrive(page)


def _watch_it_arrive(page: Page) -> None:
    """Without a reload: a mark on the document would not survive one."""
    page.evaluate("document.documentElement.dataset.mark = 'same page'")
    expect(page.locator("[aria-current=step]")).to_contain_text("Shipped")
    [shipment] = shipping.ship(Order.objects.get())
    expect(page.get_by_text("Your order is on its way.", exact=True).first).to_be_visible()
    shipment.refresh_from_db()
    expect(page.get_by_text(shipment.tracking_number)).to_be_visible()
    shipping.report_tracking(shipment, "Out for delivery", "Berlin", timezone.now())
    expect(page.get_by_text("Out for delivery, Berlin")).to_be_visible()
    shipping.deliver(shipment)
    expect(page.locator("#status").get_by_text("Your order is delivered")).to_be_visible()
    expect(page.locator("#news")).to_have_text("Your order is delivered. Enjoy it!")
    expect(page.get_by_text("This page updates by itself.")).to_be_hidden()
    assert page.evaluate("document.documentElement.dataset.mark") == "same page"


def test_totals_follow_country_and_method_without_a_reload(open_page: OpenPage) -> None:
    put_on_sale("Oak chair", price="50.00")
    page = open_page()
    as_a_customer_with(page, "Oak chair")
    fill_in_the_checkout(page)
    expect(page.get_by_role("button", name="Update the totals")).to_be_hidden()
    assert total(page) == "€65.33"  # 50.00 and 4.90, and 19 % of both
    page.get_by_label("Express").check()
    expect(page.locator("dd.total")).to_have_text("€77.23")
    page.get_by_label("Country").select_option("US")
    expect(page.locator("dd.total")).to_have_text("€74.90")
    expect(page.get_by_label("Express")).to_have_count(0)
    page.get_by_role("button", name="Place order").click()
    expect(page.get_by_role("heading", name="Order S-")).to_be_visible()
    assert str(Order.objects.get().total) == "74.90"


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
def test_a_double_click_on_place_order_makes_one_order(open_page: OpenPage, scripts: bool) -> None:
    put_on_sale("Oak chair")
    page = open_page(java_script_enabled=scripts)
    as_a_customer_with(page, "Oak chair")
    fill_in_the_checkout(page)
    page.get_by_role("button", name="Place order").dblclick(no_wait_after=True)
    expect(page.get_by_role("heading", name="Order S-")).to_be_visible()
    page.reload()
    assert Order.objects.count() == 1


def test_a_form_sent_twice_at_the_same_time_leads_to_the_same_order(open_page: OpenPage) -> None:
    """What a browser does that doesn't swallow the second click, as Chromium does."""
    put_on_sale("Oak chair")
    page = open_page()
    as_a_customer_with(page, "Oak chair")
    fill_in_the_checkout(page)
    first, second = page.evaluate(SENT_TWICE)
    assert first == second
    assert first.endswith(f"/orders/{Order.objects.get().number}/")


def test_a_promotion_code_makes_it_cheaper(open_page: OpenPage) -> None:
    PromotionFactory(code="SAVE10")
    put_on_sale("Oak chair", price="50.00")
    page = open_page()
    as_a_customer_with(page, "Oak chair", quantity=2)
    page.get_by_label("Promotion code").fill("nonsense")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("There is no promotion code")).to_be_visible()
    page.get_by_label("Promotion code").fill("save10")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("€90.00")).to_be_visible()
    fill_in_the_checkout(page)
    page.get_by_role("button", name="Place order").click()
    expect(page.get_by_text("Discount (SAVE10)")).to_be_visible()
    assert str(Order.objects.get().discount) == "10.00"


def test_what_is_out_of_stock_gives_a_clear_message(open_page: OpenPage) -> None:
    put_on_sale("Oak chair", units=3)
    page = open_page()
    as_a_customer_with(page, "Oak chair", quantity=2)
    StockItem.objects.update(on_hand=1)  # somebody else was faster
    page.get_by_role("link", name="To the checkout").click()
    expect(page.get_by_text("Not enough in stock")).to_be_visible()
    expect(page.get_by_text("Only 1 left")).to_be_visible()
    expect(page.get_by_role("link", name="To the checkout")).to_have_count(0)
    StockItem.objects.update(on_hand=0)
    page.goto("/")
    page.get_by_role("link", name="Oak chair").click()
    expect(page.get_by_text("We can't sell this product right now")).to_be_visible()


def test_a_declined_card_can_be_followed_by_another_one(open_page: OpenPage) -> None:
    put_on_sale("Oak chair")
    page = open_page()
    as_a_customer_with(page, "Oak chair")
    fill_in_the_checkout(page, card="tok_declined")
    page.get_by_role("button", name="Place order").click()
    expect(page.get_by_role("alert")).to_contain_text("the bank declined it")
    page.get_by_label("Card").fill("tok_visa")
    page.get_by_role("button", name="Place order").click()
    expect(page.get_by_text("Thank you!")).to_be_visible()


@pytest.mark.parametrize(
    ("card", "headline", "reason"),
    [
        ("tok_visa", "We have your order and are about to pack it.", "paid"),
        ("tok_declined", "We could not place this order.", "the bank declined it"),
    ],
)
def test_a_pending_order_is_decided_before_her_eyes(open_page: OpenPage, card: str, headline: str, reason: str) -> None:
    """The inventory service keeps the stock; it answers once the page is open."""
    sides, sku = TwoSides(), put_on_sale("Oak chair")
    sides.give_away(sku)
    page = open_page()
    as_a_customer_with(page, "Oak chair")
    fill_in_the_checkout(page, card=card)
    page.get_by_role("button", name="Place order").click()
    expect(page.get_by_text("Whether it can be placed you see here in a moment")).to_be_visible()
    expect(page.locator("[aria-current=step]")).to_contain_text("Placed")
    page.evaluate("document.documentElement.dataset.mark = 'same page'")
    sides.deliver_all()
    expect(page.locator("#status").get_by_text(headline)).to_be_visible()
    expect(page.locator("#status")).to_contain_text(reason)
    expect(page.locator("#news")).to_have_text(headline)
    assert page.evaluate("document.documentElement.dataset.mark") == "same page"
    if card == "tok_declined":
        page.locator("#status").get_by_role("link", name="Your cart").click()
        expect(page.get_by_label("Quantity of Oak chair")).to_have_value("1")


def test_a_customer_cancels_and_another_order_is_sent_back(open_page: OpenPage) -> None:
    put_on_sale("Oak chair")
    page = open_page()
    as_a_customer_with(page, "Oak chair")
    fill_in_the_checkout(page)
    page.get_by_role("button", name="Place order").click()
    page.get_by_text("Cancel this order").click()
    page.get_by_role("button", name="Cancel the order").click()
    expect(page.locator("#status").get_by_text("This order is cancelled.")).to_be_visible()


def test_everything_works_without_javascript(open_page: OpenPage) -> None:
    put_on_sale("Oak chair")
    page = open_page(java_script_enabled=False)
    as_a_customer_with(page, "Oak chair")
    fill_in_the_checkout(page)
    page.get_by_label("Country").select_option("AT")
    page.get_by_role("button", name="Update the totals").click()
    expect(page.get_by_text("Tax (Austria)")).to_be_visible()
    page.get_by_role("button", name="Place order").click()
    expect(page.get_by_text("Thank you!")).to_be_visible()
    [shipment] = shipping.ship(Order.objects.get())
    page.get_by_role("link", name="Reload").click()
    expect(page.get_by_text("Your order is on its way.")).to_be_visible()
    shipment.refresh_from_db()
    shipping.deliver(shipment)
    page.get_by_role("link", name="Reload").click()
    page.get_by_text("Return something").click()
    page.get_by_label("Oak chair").fill("1")
    page.get_by_label("Reason").fill("too small")
    page.get_by_role("button", name="Announce the return").click()
    expect(page.get_by_text("The return is announced.")).to_be_visible()
