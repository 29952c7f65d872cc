"""A shop that is told where its gateway is asks it over HTTP, and the money that moves is in that one's own log."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from threading import Thread
from uuid import uuid4

import pytest

from devstack.gateway.bank import Bank
from devstack.gateway.server import Gateway
from monolith.errors import GatewayUnavailable, PaymentDeclined
from monolith.payments import gateway, gateway_over_http

PRICE = Decimal("25.00")


@pytest.fixture
def fake() -> Iterator[Gateway]:
    server = Gateway(("127.0.0.1", 0), Bank())
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def asked(fake: Gateway, settings) -> Iterator[None]:
    host, port = fake.server_address[:2]
    settings.GATEWAY_URL, settings.GATEWAY_TOKEN, settings.GATEWAY_TIMEOUT = f"http://{host!s}:{port}", "", 30
    gateway_over_http._client.cache_clear()
    yield
    gateway_over_http._client().close()
    gateway_over_http._client.cache_clear()


def test_each_movement_is_in_the_gateways_log_with_the_orders_number(fake):
    taken = gateway.authorise("tok_visa", PRICE, "EUR", "S-1")
    gateway.capture(taken, Decimal("20.00"))
    gateway.void(taken, Decimal("5.00"))
    gateway.refund(taken, Decimal("1.00"))
    moved = [(each["kind"], each["amount"], each["order_number"]) for each in fake.bank.movements]
    assert moved == [
        ("authorise", "25.00", "S-1"),
        ("capture", "20.00", "S-1"),
        ("void", "5.00", "S-1"),
        ("refund", "1.00", "S-1"),
    ]


def test_a_bank_that_says_no_says_why():
    with pytest.raises(PaymentDeclined, match="the card has expired"):
        gateway.authorise("tok_expired", PRICE, "EUR", "S-1")


@pytest.mark.parametrize("knob", [{"down": True}, {"hang_up": True}, {"answer_after": 1.2}])
def test_whoever_gets_no_answer_is_told_to_try_again_later(fake, knob, settings):
    settings.GATEWAY_TIMEOUT = 1
    fake.panel.turn(knob)
    with pytest.raises(GatewayUnavailable, match=r"The bank (does not answer|answers 503).*Try again later"):
        gateway.authorise("tok_visa", PRICE, "EUR", "S-1")


def test_more_than_is_set_aside_is_the_gateways_to_refuse():
    taken = gateway.authorise("tok_visa", PRICE, "EUR", "S-1")
    with pytest.raises(GatewayUnavailable, match="answers 409"):
        gateway.capture(taken, PRICE * 2)


def test_what_was_authorised_elsewhere_can_be_taken_and_given_back(fake):
    """By a shop that had another gateway before."""
    unknown = f"auth_{uuid4().hex}"
    gateway.capture(unknown, PRICE)
    gateway.refund(unknown, PRICE)
    assert [each["kind"] for each in fake.bank.movements] == ["capture", "refund"]


def test_an_answer_that_comes_twice_is_not_taken_for_that_of_the_next_call(fake):
    fake.panel.turn({"twice": True})
    taken = [gateway.authorise("tok_visa", PRICE, "EUR", f"S-{number}") for number in range(5)]
    captured = [gateway.capture(each, PRICE) for each in taken]
    assert taken + captured == [each["id"] for each in fake.bank.movements]
