"""A real browser before the shop as it is served. Every test fails on an error in its console or a failed request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, sync_playwright

from devstack import chromium
from tests.stack.chromium import require_chromium

PATIENCE = 15_000  # milliseconds for anything that is to appear


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    program = require_chromium()
    with pytest.MonkeyPatch.context() as patch:
        # Playwright parks an event loop in this thread, and Django would take all its queries for calls from within it.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        with sync_playwright() as playwright:
            started = chromium.launch(playwright, program)
            yield started
            started.close()


@pytest.fixture
def shop(settings: Any, live_server: Any) -> str:
    """Where the shop answers; over plain HTTP, so its cookies must not insist on HTTPS."""
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False
    return str(live_server.url)


@pytest.fixture
def open_page(browser: Browser, shop: str) -> Iterator[Callable[..., Page]]:
    """`open_page(java_script_enabled=False)`: a page of a browser that has never been here."""
    troubles: list[str] = []
    contexts = []

    def opened(width: int = 1280, **options: Any) -> Page:
        context = browser.new_context(base_url=shop, viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda message: troubles.extend(_of_console(message)))
        page.on("pageerror", lambda error: troubles.append(f"script: {error}"))
        page.on("requestfailed", lambda request: troubles.extend(_of_request(request)))
        page.on("response", lambda response: troubles.extend(_of_response(response, shop)))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert troubles == []


def _of_console(message: ConsoleMessage) -> list[str]:
    return [f"console: {message.text}"] if message.type in {"error", "warning"} else []


def _of_request(request: Request) -> list[str]:
    """Leaving a page ends what it was asking for; that is no failure."""
    return [] if request.failure == "net::ERR_ABORTED" else [f"{request.url}: {request.failure}"]


def _of_response(response: Response, shop: str) -> list[str]:
    if not response.url.startswith(shop):
        return [f"{response.url} is not of this shop"]
    return [f"{response.url}: {response.status}"] if response.status >= 400 else []
