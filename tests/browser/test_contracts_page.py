"""`contracts/index.html` as a file, without a server: it asks nobody for anything."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

PAGE = Path(__file__).resolve().parents[2] / "contracts" / "index.html"


def test_the_page_of_the_contracts_needs_nothing_else_and_finds_who_reads_a_field(browser: Browser) -> None:
    troubles: list[str] = []
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.on("console", lambda message: troubles.append(message.text))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on(
        "request", lambda request: troubles.extend([] if request.url.startswith(("file:", "data:")) else [request.url])
    )
    page.goto(PAGE.as_uri())
    event = page.locator("[id='orders.order_placed']")
    row = event.get_by_role("row").filter(has=page.get_by_text("ship_to.postal_code", exact=True))
    expect(row).to_contain_text("notifications")
    event.locator("summary").click()
    expect(event.locator("pre")).to_contain_text('"postal_code"')
    page.get_by_role("searchbox").fill("stock_handed_over")
    expect(event).to_be_hidden()
    expect(page.locator("[id='inventory.stock_handed_over']")).to_be_visible()
    page.get_by_role("searchbox").fill("")
    page.get_by_role("img").get_by_text("reporting", exact=True).click()
    expect(page.locator("#group-reporting")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert troubles == []
    page.close()
