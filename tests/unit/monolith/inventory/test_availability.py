"""Units left: out of the tables, or asked of a service that answers over HTTP, or does not."""

import json
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.management import call_command

from monolith.inventory import availability as reads
from monolith.inventory import service
from monolith.inventory.availability import units_left
from monolith.inventory.factories import StockItemFactory
from monolith.inventory.selectors import availability
from strangler.cutover import Fallback
from strangler.errors import ConfigurationError, ServiceUnavailable

pytestmark = pytest.mark.django_db

TOKEN = "t"


class Answering(BaseHTTPRequestHandler):
    asked: list[list[str]] = []
    answer: tuple[int, str] | None = None
    may_answer = threading.Event()

    def do_GET(self):
        parts = urlsplit(self.path)
        skus = parse_qs(parts.query)["sku"]
        self.asked.append(skus)
        assert self.may_answer.wait(60)
        allowed = self.headers["Authorization"] == f"Bearer {TOKEN}" and parts.path == "/api/availability/"
        status, body = type(self).answer or (200 if allowed else 403, json.dumps(dict.fromkeys(skus, 40)))
        self.send_response(status)
        self.end_headers()
        with suppress(BrokenPipeError):
            self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def told(settings):
    """The service, which knows 40 of everything; `asked` are its questions."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    Answering.asked, Answering.answer = [], None
    Answering.may_answer.set()
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    known = {**settings.STRANGLER["SERVICES"]["inventory"], "TOKEN": TOKEN}
    known["URL"] = f"http://127.0.0.1:{server.server_port}/strangler/"
    settings.STRANGLER = {
        **settings.STRANGLER,
        "SERVICES": {**settings.STRANGLER["SERVICES"], "inventory": known},
    }
    yield Answering
    Answering.may_answer.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def reading(settings, monkeypatch):
    """The stage of the reads, with a circuit that no other test has opened."""
    monkeypatch.setattr(units_left, "_fallback", Fallback(units_left._fallback.on, failures=2, rest=60))

    def become(stage):
        settings.STRANGLER = {**settings.STRANGLER, "STAGES": {"inventory_reads": stage, "inventory": "monolith"}}

    return become


@pytest.fixture
def goods():
    for sku in ("CUP", "MUG", "POT"):
        StockItemFactory(sku=sku, on_hand=5)


def test_reads_stay_at_home_whatever_becomes_of_the_writes(goods, stage, told, django_assert_num_queries):
    stage("extracted")
    with django_assert_num_queries(1):
        assert availability(["MUG", "NOPE"]) == {"MUG": 5, "NOPE": 0}
    assert told.asked == []


def test_the_service_answers_once_for_a_whole_page(goods, told, reading, django_assert_num_queries):
    reading("extracted")
    with django_assert_num_queries(0):
        assert availability(["MUG", "CUP"]) == {"MUG": 40, "CUP": 40}
        assert availability([]) == {}
    assert told.asked == [["MUG", "CUP"]]


def test_a_canary_goes_by_the_sku(goods, told, reading):
    reading("canary:50")
    found = availability(["MUG", "CUP", "POT", "NOPE"])
    assert list(found) == ["MUG", "CUP", "POT", "NOPE"]
    theirs = sorted(sku for sku, units in found.items() if units == 40)
    assert [sorted(skus) for skus in told.asked] == [theirs]
    assert 0 < len(theirs) < 4
    reading("canary:99")
    assert set(theirs) <= {sku for sku, units in availability(["MUG", "CUP", "POT", "NOPE"]).items() if units == 40}


@pytest.mark.parametrize("answer", [(500, "oops"), (200, "no JSON"), (200, '{"MUG": "many"}')])
def test_a_service_that_cannot_answer_is_stood_in_for_by_the_last_known_figure(goods, told, reading, answer):
    reading("extracted")
    told.answer = answer
    for _ in range(4):
        assert availability(["MUG"]) == {"MUG": 5}
    assert len(told.asked) == 2, "then its circuit is open"


def test_a_service_that_hangs_costs_a_page_no_more_than_its_time(goods, told, reading, monkeypatch):
    monkeypatch.setattr(service, "TIMEOUT", 0.1)
    told.may_answer.clear()
    reading("extracted")
    began = time.monotonic()
    assert availability(["MUG"]) == {"MUG": 5}
    assert time.monotonic() - began < 30


def test_at_retired_nobody_stands_in(told, reading):
    reading("retired")
    told.answer = (503, "away")
    with pytest.raises(ServiceUnavailable, match="answers 503: away"):
        availability(["MUG"])


def test_a_service_that_is_nowhere_is_said_by_the_name_of_its_setting(reading):
    reading("extracted")
    with pytest.raises(ConfigurationError, match=r'"SERVICES"\]\["inventory"\]\["URL"\] is empty'):
        availability(["MUG"])


def test_very_many_are_asked_for_in_parts(told, reading, monkeypatch):
    monkeypatch.setattr(service, "MOST_SKUS", 2)
    reading("extracted")
    assert len(availability([f"SKU-{n}" for n in range(5)])) == 5
    assert [len(skus) for skus in told.asked] == [2, 2, 1]


def test_the_stage_of_the_reads_is_one_that_can_be_set(reading, settings):
    reading("shadow")
    call_command("check")
    services = settings.STRANGLER["SERVICES"]
    asked = {**services["inventory"], "BACKFILLS": ()}
    assert {**services[reads.CONTEXT], "BACKFILLS": ()} == asked, "its gates ask the same service"
