"""The card gateway in a process of its own: what it does, and what it can be told to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from devstack.gateway.running import Running, running

CARD = {"card_token": "tok_visa", "amount": "100.00", "currency": "EUR"}


@pytest.fixture(scope="module")
def process() -> Iterator[Running]:
    with running() as found:
        yield found


@pytest.fixture
def gateway(process: Running) -> Running:
    process.behave()
    return process


def ask(gateway: Running, path: str, body: dict[str, str], key: str = "") -> httpx.Response:
    return httpx.post(f"{gateway.url}{path}", json=body, headers={"Idempotency-Key": key or str(uuid4())}, timeout=5)


def authorised(gateway: Running) -> str:
    return str(ask(gateway, "authorisations", {**CARD, "order_number": "S-1"}).json()["id"])


def test_money_moves_within_what_was_authorised_and_each_movement_is_in_its_log(gateway: Running) -> None:
    auth = authorised(gateway)
    steps = [("capture", "60.00", 201), ("capture", "40.01", 409), ("refund", "60.01", 409), ("refund", "10.00", 201)]
    steps += [("void", "40.00", 201), ("capture", "0.01", 409)]
    for kind, amount, status in steps:
        answer = ask(gateway, f"authorisations/{auth}/{kind}", {"amount": amount, "currency": "EUR"})
        assert answer.status_code == status, answer.text
    moved = [(each["kind"], each["amount"], each["authorisation"]) for each in gateway.moved()]
    assert moved == [
        *[("authorise", "100.00", auth), ("capture", "60.00", auth)],
        *[("refund", "10.00", auth), ("void", "40.00", auth)],
    ]
    assert {each["order_number"] for each in gateway.moved()} == {"S-1"}


def test_a_key_is_one_request_with_one_answer(gateway: Running) -> None:
    first = ask(gateway, "authorisations", CARD, "k")
    assert ask(gateway, "authorisations", CARD, "k").json() == first.json()
    assert ask(gateway, "authorisations", {**CARD, "amount": "1.00"}, "k").status_code == 422
    assert len(gateway.moved()) == 1


@pytest.mark.parametrize(
    ("token", "said"),
    [("tok_declined", "the bank declined it"), ("tok_expired", "has expired"), ("4111", "not a token")],
)
def test_cards_are_those_of_the_shops_own_gateway(gateway: Running, token: str, said: str) -> None:
    answer = ask(gateway, "authorisations", {**CARD, "card_token": token})
    assert (answer.status_code, answer.json()["code"]) == (402, "declined")
    assert said in answer.json()["reason"]


def test_an_authorisation_of_the_shops_own_gateway_is_adopted_and_no_other(gateway: Running) -> None:
    body = {"amount": "10.00", "currency": "EUR"}
    assert ask(gateway, f"authorisations/auth_{uuid4().hex}/capture", body).status_code == 201
    assert ask(gateway, "authorisations/auth_x/capture", body).status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("authorisations", {**CARD, "amount": "much"}, 400),
        ("authorisations", {**CARD, "amount": "-1"}, 400),
        ("authorisations", {**CARD, "amount": "NaN"}, 400),
        ("elsewhere", CARD, 404),
        ("authorisations/auth_x/steal", CARD, 404),
    ],
)
def test_what_is_no_request_is_refused(gateway: Running, path: str, body: dict[str, str], status: int) -> None:
    answer = ask(gateway, path, body)
    assert (answer.status_code, bool(answer.json()["reason"])) == (status, True)
    assert httpx.post(f"{gateway.url}authorisations", json=CARD).status_code == 400, "without a key"
    assert httpx.post(f"{gateway.url}authorisations", content=b"[1]").status_code == 400
    assert gateway.moved() == []


def test_down_it_does_nothing_and_silent_it_does_and_says_nothing(gateway: Running) -> None:
    gateway.turn(down=True)
    assert (ask(gateway, "authorisations", CARD).status_code, gateway.moved()) == (503, [])
    gateway.turn(down=False, hang_up=True)
    with pytest.raises(httpx.RemoteProtocolError):
        ask(gateway, "authorisations", CARD, "silent")
    gateway.turn(hang_up=False)
    assert ask(gateway, "authorisations", CARD, "silent").json()["id"] == gateway.moved()[0]["id"]


def test_a_wrong_knob_is_named(gateway: Running) -> None:
    for knobs in ({"upside": True}, {"delay": "long"}, {"delay": -1}, {"down": 1}):
        answer = httpx.put(f"{gateway.url}knobs", json=knobs)
        assert answer.status_code == 400
        assert next(iter(knobs)) in answer.json()["reason"]


def test_killed_it_knows_after_its_start_what_it_knew_before(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    with running(journal=journal) as first:
        told = ask(first, "authorisations", CARD, "k").json()
    with running(journal=journal) as second:
        assert ask(second, "authorisations", CARD, "k").json() == told
        answer = ask(second, f"authorisations/{told['id']}/capture", {"amount": "100.00", "currency": "EUR"})
        assert (answer.status_code, len(second.moved())) == (201, 2)


def test_with_a_token_only_who_has_it_is_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_TOKEN", "a token")
    with running() as gateway:
        assert ask(gateway, "authorisations", CARD).status_code == 401
        assert httpx.get(f"{gateway.url}movements").status_code == 401
        assert httpx.get(f"{gateway.url}health").status_code == 200
        headers = {"Authorization": "Bearer a token", "Idempotency-Key": "k"}
        assert httpx.post(f"{gateway.url}authorisations", json=CARD, headers=headers).status_code == 201
