"""What the monolith asks of a service: where, within which time, and over which connections."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from strangler.cutover.service.client import ServiceClient, shared_client
from strangler.errors import ConfigurationError, ServiceUnavailable


class Listening(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    asked: list[str] = []
    callers: list[Any] = []
    answer, may_answer = b"{}", threading.Event()

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.callers.append(self.client_address)
        assert self.may_answer.wait(60)
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.answer)))
        self.end_headers()
        with suppress(ConnectionError):
            self.wfile.write(self.answer)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def service(settings: Any) -> Iterator[type[Listening]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Listening)
    Listening.asked, Listening.callers, Listening.answer = [], [], b"{}"
    Listening.may_answer.set()
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    know(settings, f"http://127.0.0.1:{server.server_port}/inside/strangler")
    yield Listening
    Listening.may_answer.set()
    server.shutdown()
    server.server_close()


def know(settings: Any, url: str, token: str = "t") -> None:  # noqa: S107
    settings.STRANGLER = {**settings.STRANGLER, "SERVICES": {"reporting": {"URL": url, "TOKEN": token}}}


def test_a_path_leads_from_where_the_service_answers_the_kit_to_its_own_api(service: type[Listening]) -> None:
    with ServiceClient("reporting") as ours, ServiceClient("reporting", path="../api/") as theirs:
        ours.get("status")
        theirs.get("sales/", {"days": 90, "sku": ["MUG", "CUP"]})
    assert service.asked == ["/inside/strangler/status", "/inside/api/sales/?days=90&sku=MUG&sku=CUP"]


def test_who_has_less_time_waits_no_longer(service: type[Listening]) -> None:
    service.may_answer.clear()
    began = time.monotonic()
    with ServiceClient("reporting", timeout=0.05) as client, pytest.raises(ServiceUnavailable, match="does not answer"):
        client.get("status")
    assert time.monotonic() - began < 30


def test_an_answer_that_is_no_json_is_no_answer(service: type[Listening]) -> None:
    service.answer = b"<html>a proxy's page"
    with ServiceClient("reporting") as client, pytest.raises(ServiceUnavailable, match="else than JSON: <html>a proxy"):
        client.get("status")


def test_a_process_keeps_one_connection_from_one_question_to_the_next(service: type[Listening]) -> None:
    for _ in range(3):
        shared_client("reporting", path="../api/").get("sales/")
    assert len(set(service.callers)) == 1


def test_a_service_that_has_moved_is_asked_where_it_is_now(service: type[Listening], settings: Any) -> None:
    before = shared_client("reporting")
    know(settings, "http://127.0.0.1:9/strangler/")
    with pytest.raises(ServiceUnavailable, match=r"127\.0\.0\.1:9/strangler/status does not answer"):
        shared_client("reporting").get("status")
    assert shared_client("reporting") is not before


@pytest.mark.parametrize(("url", "token", "named"), [("", "t", "URL"), ("http://s/", "", "TOKEN")])
def test_a_service_that_nobody_told_of_is_named_by_its_setting(settings: Any, url: str, token: str, named: str) -> None:
    know(settings, url, token)
    with pytest.raises(ConfigurationError, match=rf'"SERVICES"\]\["reporting"\]\["{named}"\] is empty'):
        shared_client("reporting")
