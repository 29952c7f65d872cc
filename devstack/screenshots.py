"""Pictures of the shop for the README: `python -m devstack.screenshots [--url http://127.0.0.1:8000]`.

Without a URL it starts a shop of its own, with a history that ends now, and takes it away afterwards. With one it uses
the shop there: it registers a customer, places an order and ships it as the staff user 'admin', whose password it
expects in ADMIN_PASSWORD.
"""

import argparse
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from devstack import chromium
from devstack.ports import LOOPBACK, accepts_connections, free_port
from devstack.postgres import EmbeddedPostgres
from devstack.processes import ManagedProcess, ProcessFailed
from devstack.unprivileged import NoUnprivilegedUser

PROJECT = Path(__file__).resolve().parent.parent
PICTURES = PROJECT / "docs" / "img"
SIZE = {"width": 1280, "height": 900}
LARGEST_BYTES = 200_000
SEED = ("--products", "120", "--customers", "400", "--orders", "4000")
SECONDS = 180


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m devstack.screenshots", description="Take pictures of the shop.")
    parser.add_argument("--url", help="of a shop that runs; without it, one is started for this")
    options = parser.parse_args(arguments)
    program = chromium.find()
    password = os.environ.get("ADMIN_PASSWORD", "")
    if program is None:
        parser.error(f"there is no Chromium here: {chromium.HOW_TO_GET_IT}")
    if options.url and not password:
        parser.error("set ADMIN_PASSWORD to the password of the shop's staff user 'admin'")
    try:
        if options.url:
            take_all(program, options.url, password)
        else:
            with own_shop(password := secrets.token_urlsafe(12)) as url:
                take_all(program, url, password)
    except (ProcessFailed, NoUnprivilegedUser) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


@contextmanager
def own_shop(password: str) -> Iterator[str]:
    """Everything it writes is gone at the end."""
    (PROJECT / ".local").mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="screenshots-", dir=PROJECT / ".local"))
    try:
        with EmbeddedPostgres(folder / "postgres") as postgres:
            postgres.ensure_role("shop")
            postgres.ensure_database("shop", owner="shop")
            env = {
                "DATABASE_URL": postgres.url("shop", "shop"),
                "DJANGO_SETTINGS_MODULE": "monolith.settings",
                "DEBUG": "1",
                "ADMIN_PASSWORD": password,
                "EMAIL_FILE_PATH": str(folder / "mail"),
            }

            def manage(*command: str) -> ManagedProcess:
                log = folder / f"{command[0]}.log"
                return ManagedProcess(
                    command[0], [sys.executable, "manage.py", *command], log=log, env=env, cwd=PROJECT
                )

            until = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M")
            for command in (("migrate",), ("seed", *SEED, "--until", until)):
                print(f"{command[0]} …", flush=True)
                _to_the_end(manage(*command))
            port = free_port()
            with manage("runserver", "--noreload", f"{LOOPBACK}:{port}") as server:
                server.wait_for(lambda: accepts_connections(port), SECONDS, "answers")
                yield f"http://{LOOPBACK}:{port}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _to_the_end(process: ManagedProcess) -> None:
    if process.start().wait(SECONDS) != 0:
        raise ProcessFailed(f"{process.name} failed:\n{process.tail()}")


def take_all(program: Path, url: str, password: str) -> None:
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright, program)
        customer, staff = _page(browser, url), _page(browser, url)
        staff.add_init_script("localStorage.setItem('django.admin.navSidebarIsOpen', 'false')")
        customer.goto("/")
        take(customer, "storefront")
        fill_a_cart(customer)
        take(customer, "checkout")
        customer.get_by_role("button", name="Place order").click()
        number = customer.locator("h1 .sku").inner_text()
        log_in(staff, password)
        take(staff, "admin-index")
        ship(staff, number)
        customer.get_by_text("tracking number").wait_for()
        take(customer, "order-status")
        take(staff, "admin-order", lambda: staff.get_by_role("link", name=number).click())
        take(staff, "dashboard", lambda: staff.goto("/admin/reporting/dashboard/"))
        browser.close()


def _page(browser: Browser, url: str) -> Page:
    return browser.new_context(base_url=url, viewport=SIZE, color_scheme="light", reduced_motion="reduce").new_page()


def take(page: Page, name: str, go_there: Callable[[], object] = lambda: None) -> None:
    """Raises ProcessFailed for a picture that is too large to be looked at in a README."""
    go_there()
    page.wait_for_load_state("networkidle")
    page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
    file = PICTURES / f"{name}.png"
    picture = page.screenshot(path=file)
    print(f"{file.relative_to(PROJECT)}: {len(picture) // 1000} kB", flush=True)
    if len(picture) > LARGEST_BYTES:
        raise ProcessFailed(f"{file} has {len(picture)} bytes, more than {LARGEST_BYTES}: show less on it")


def fill_a_cart(page: Page) -> None:
    """As a customer who has never been here, so that it works a second time on the same shop."""
    page.goto("/register/?next=/")
    page.get_by_label("Name").fill("Ada Lovelace")
    page.get_by_label("E-mail").fill(f"ada.{secrets.token_hex(4)}@example.com")
    page.get_by_label("Password").fill(secrets.token_urlsafe(12))
    page.get_by_role("main").get_by_role("button", name="Register").click()
    for place, quantity in ((1, "2"), (4, "1")):
        page.goto("/")
        page.locator(".card:not(:has(.none)) a").nth(place).click()
        page.get_by_label("Quantity").fill(quantity)
        page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("link", name="To the checkout").click()
    typed = {"Street and number": "Hauptstr. 1", "Postal code": "10115", "City": "Berlin", "Card": "tok_visa"}
    for label, text in typed.items():
        page.get_by_label(label, exact=True).fill(text)


def log_in(page: Page, password: str) -> None:
    page.goto("/admin/")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name="Log out").or_(page.get_by_role("button", name="Log out")).wait_for()


def ship(page: Page, number: str) -> None:
    page.goto(f"/admin/orders/order/?q={number}")
    page.locator("input.action-select").check()
    page.locator("select[name=action]").select_option("ship")
    page.get_by_role("button", name="Go").click()
    page.get_by_text("Packed: 1").wait_for()


if __name__ == "__main__":
    sys.exit(main())
