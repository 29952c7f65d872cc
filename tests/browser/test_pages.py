"""What holds for every page: it fits the screen, and it can be used by keyboard and screen reader."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.shopping import as_a_customer_with, fill_in_the_checkout, put_on_sale, register

OpenPage = Callable[..., Page]
WITHOUT_A_LABEL = """[...document.querySelectorAll("input, select, textarea")]
    .filter(field => field.type !== "hidden" && !field.labels.length && !field.ariaLabel)
    .map(field => field.outerHTML)"""
WITHOUT_A_NAME = """[...document.querySelectorAll("a, button")]
    .filter(element => !element.textContent.trim() && !element.ariaLabel).map(element => element.outerHTML)"""
DOUBLE_IDS = """[...document.querySelectorAll("[id]")].map(element => element.id)
    .filter((id, place, ids) => ids.indexOf(id) !== place)"""


@pytest.mark.parametrize("width", [360, 1280])
def test_every_page_fits_the_screen_and_names_its_parts(open_page: OpenPage, width: int) -> None:
    put_on_sale("A chair with quite a long name, of oiled and untreated oak from the Spessart")
    page = open_page(width=width)
    for path in ("/", "/?q=nothing", "/products/product-0/", "/log-in/", "/register/"):
        page.goto("/" if "products" in path else path)
        if "products" in path:
            page.get_by_role("link", name="A chair").click()
            page.wait_for_url("**/products/**")
        check(page, width)
    as_a_customer_with(page, "A chair")
    check(page, width)
    fill_in_the_checkout(page)
    check(page, width)
    page.get_by_role("button", name="Place order").click()
    expect(page.get_by_text("Thank you!")).to_be_visible()
    check(page, width)
    for path in ("/orders/", "/account/"):
        page.goto(path)
        check(page, width)


def check(page: Page, width: int) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
    assert page.locator("h1").count() == 1, page.url
    assert page.locator("header, main, footer").count() == 3, page.url
    for question in (WITHOUT_A_LABEL, WITHOUT_A_NAME, DOUBLE_IDS):
        assert page.evaluate(question) == [], page.url


def test_the_keyboard_reaches_the_content_first(open_page: OpenPage) -> None:
    page = open_page()
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


def test_the_focus_stays_where_it_was_when_the_totals_change(open_page: OpenPage) -> None:
    put_on_sale("Oak chair")
    page = open_page()
    as_a_customer_with(page, "Oak chair")
    fill_in_the_checkout(page)
    page.get_by_label("Standard").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_text("Shipping (express)")).to_be_visible()
    expect(page.get_by_label("Express")).to_be_focused()


def test_a_customer_stays_herself_in_her_own_browser_only(open_page: OpenPage) -> None:
    ada, grace = open_page(), open_page()
    ada.goto("/register/")
    register(ada)
    grace.goto("/orders/")
    expect(grace.get_by_role("heading", name="Log in")).to_be_visible()
    expect(ada.get_by_role("link", name="My orders")).to_be_visible()
