"""What the browser tests' people do, in the words on the pages."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from monolith.catalog.factories import CategoryFactory, ProductFactory, VariantFactory
from monolith.inventory.factories import StockItemFactory

PASSWORD = "a long enough secret"


def put_on_sale(name: str, price: str = "19.90", units: int = 100) -> str:
    """Returns the SKU."""
    product = ProductFactory(name=name, category=CategoryFactory(slug="furniture"), variants=0)
    sku: str = VariantFactory(product=product, price=price).sku
    StockItemFactory(sku=sku, on_hand=units)
    return sku


def register(page: Page, name: str = "Ada Lovelace") -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("E-mail").fill(f"{name.replace(' ', '.').lower()}@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Register").click()


def put_into_cart(page: Page, name: str, quantity: int = 1) -> None:
    page.goto("/")
    page.get_by_role("link", name=name).click()
    page.get_by_label("Quantity").fill(str(quantity))
    page.get_by_role("button", name="Add to cart").click()


def as_a_customer_with(page: Page, name: str, quantity: int = 1) -> None:
    """Registered, and before a cart with something in it."""
    page.goto("/register/")
    register(page)
    put_into_cart(page, name, quantity)
    expect(page.get_by_role("heading", name="Your cart")).to_be_visible()


def fill_in_the_checkout(page: Page, card: str = "tok_visa") -> None:
    page.get_by_role("link", name="To the checkout").click()
    page.get_by_label("Street and number").fill("Hauptstr. 1")
    page.get_by_label("Postal code").fill("10115")
    page.get_by_label("City").fill("Berlin")
    page.get_by_label("Card").fill(card)


def total(page: Page) -> str:
    return page.locator("[data-part=totals] dd.total").inner_text()
