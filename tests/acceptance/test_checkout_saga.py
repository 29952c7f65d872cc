"""A checkout through two services: the shop, the one that keeps stock, the one that takes payments, the card gateway.

With their relays, consumers and workers all are real processes.

The client is the one of `tests/api`, which was written for one transaction.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Self

import httpx
import pytest

from devstack.ports import free_port
from devstack.processes import ManagedProcess
from tests.acceptance.moving import MANAGE, ROOT, _database
from tests.api.shopper import Bought, Refused, Shopper
from tests.stack.postgres import scratch, server
from tests.support.waiting import until

SERVICE = ("-m", "extracted.inventory")
PAYMENTS = ("-m", "extracted.payments")
SKU = "SKU-00001"
GROUPS = ("checkout", "inventory-monolith", "payments-monolith", "orders")
UNITS = 50
STOCK = f"SELECT sum(on_hand), sum(reserved) FROM inventory_stockitem WHERE sku = '{SKU}'"  # noqa: S608
UNANSWERED = "SELECT * FROM payments_paymentrequest WHERE status NOT IN ('done', 'refused')"
UNFINISHED = "SELECT key, status, error FROM strangler_saga WHERE finished_at IS NULL"


class Answer:
    def __init__(self, answer: httpx.Response) -> None:
        self.status_code, self.content, self.json = answer.status_code, answer.content, answer.json
        self.get, self._headers = answer.headers.get, answer.headers

    def __getitem__(self, name: str) -> str:
        return str(self._headers[name])


class OverHttp:
    """As the test client of the REST framework is called."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=30)
        person = {"email": "ada@example.com", "name": "Ada", "password": "correct horse battery"}
        token = self.post("/api/customers/register/", person).json()["token"]
        self._client.headers["Authorization"] = f"Token {token}"

    def get(self, path: str, _body: Any = None) -> Answer:
        return Answer(self._client.get(path))

    def post(self, path: str, body: Any = None, *, headers: dict[str, str] | None = None) -> Answer:
        return Answer(self._client.post(path, json=body or {}, headers=headers))


class Site:
    def __init__(self, name: str) -> None:
        self.folder = scratch() / name
        names = ("shop", "service", "payments", "queues")
        self.shop_db, self.service_db, payments, queues = (_database(f"{name}_{each}") for each in names)
        broker = server().url(queues, queues).replace("postgresql://", "pgmq://", 1)
        both = {"SECRET_KEY": "s" * 50, "HTTPS": "0", "BROKER_URL": broker, "LOG_LEVEL": "WARNING"}
        shop = {"DATABASE_URL": server().url(self.shop_db, self.shop_db), "EMAIL_FILE_PATH": str(self.folder / "mails")}
        gateway = free_port()
        self.gateway = f"http://127.0.0.1:{gateway}/"
        self._environments: dict[str, dict[str, str | None]] = {
            "manage.py": {**both, **shop, "DJANGO_SETTINGS_MODULE": "monolith.settings", "RELAY": "polling",
                          "STAGE_INVENTORY": "extracted", "STAGE_PAYMENTS": "extracted"},
            SERVICE[-1]: {**both, "DATABASE_URL": server().url(self.service_db, self.service_db),
                          "DJANGO_SETTINGS_MODULE": "extracted.inventory.settings"},
            PAYMENTS[-1]: {**both, "DATABASE_URL": server().url(payments, payments),
                           "DJANGO_SETTINGS_MODULE": "extracted.payments.settings",
                           "GATEWAY_URL": self.gateway},
        }  # fmt: skip
        self._side_by_side((*MANAGE, "migrate"), (*SERVICE, "migrate"), (*PAYMENTS, "migrate"))
        self._side_by_side(
            (*MANAGE, "seed", "--customers", "0", "--products", "1", "--stock", str(UNITS)),
            *((*MANAGE, "consume", "--declare", "--group", group) for group in GROUPS),
            (*SERVICE, "consume", "--declare"),
            *((*PAYMENTS, "consume", "--declare", "--group", group) for group in ("payments", "fraud")),
            ("-m", "extracted.notifications", "consume", "--declare"),
        )
        self.url = f"http://127.0.0.1:{free_port()}"
        gunicorn = ("-m", "gunicorn", "monolith.wsgi", "--bind", self.url.removeprefix("http://"), "--threads", "4")
        self.service = self.process("service", *SERVICE, "consume")
        self._processes = [
            self.service,
            self.process("relay", *MANAGE, "relay"),
            self.process("service-relay", *SERVICE, "relay"),
            *(self.process(group, *MANAGE, "consume", "--group", group) for group in GROUPS),
            self.process("gateway", "-m", "devstack.gateway", "--port", str(gateway)),
            self.process("payments", *PAYMENTS, "consume", "--group", "payments"),
            self.process("payments-relay", *PAYMENTS, "relay"),
            self.process("calls", *PAYMENTS, "settle_calls", "--follow"),
            self.process("saga", *MANAGE, "saga", "work"),
            self.process("web", *gunicorn, "--no-control-socket"),
        ]

    def process(self, name: str, *arguments: str) -> ManagedProcess:
        env = next((env for of, env in self._environments.items() if of in arguments), self._environments["manage.py"])
        if "extracted.notifications" in arguments:
            env = {**env, "DJANGO_SETTINGS_MODULE": "extracted.notifications.settings"}
        log = self.folder / f"{name}.log"
        return ManagedProcess(name, [sys.executable, *arguments], cwd=ROOT, env=env, log=log, stop_leader_only=True)

    def rows(self, database: str, query: str) -> list[tuple[Any, ...]]:
        with server().connect(database) as connection:
            return connection.execute(query).fetchall()

    def both_sides(self) -> list[list[tuple[Any, ...]]]:
        return [self.rows(database, STOCK) for database in (self.shop_db, self.service_db)]

    def _side_by_side(self, *commands: tuple[str, ...]) -> None:
        started = [self.process("-".join(command[-3:]).strip("-"), *command).start() for command in commands]
        for process in started:
            assert process.wait(120) == 0, process.tail()

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/api/health/").is_success
        except httpx.TransportError:
            return False

    def __enter__(self) -> Self:
        for process in self._processes:
            process.start()
        self._side_by_side((*MANAGE, "settle_stock"))
        owned = "SELECT count(*) FROM inventory_ownership WHERE owner = 'service'"
        until(lambda: self.rows(self.service_db, owned) != [(0,)], "the service to own the stock")
        until(self._answers, "the shop to answer")
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.terminate()


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site("checkout_saga") as site:
        yield site


def test_she_buys_as_ever_although_another_service_keeps_the_stock(site: Site) -> None:
    client = OverHttp(site.url)
    ada = Shopper(client, pause=_a_moment)
    patient = Shopper(client, pause=_a_moment, patience=10)
    bought = _bought(ada, 2)
    ada.put_into_cart(SKU, 3)
    assert _code(patient.buy(card="tok_declined")) == "payment_declined"
    assert ada.in_the_cart() == {SKU: 3}
    assert isinstance(patient.buy(), Bought)
    _buy_while_the_service_is_dead(site, ada)
    ada.put_into_cart(SKU, UNITS)
    refused = ada.buy()
    assert (_code(refused), f"wanted {UNITS}, left {UNITS - 6}" in refused.reason) == ("out_of_stock", True)
    assert ada.in_the_cart() == {SKU: UNITS}
    ada.cancel(bought)
    until(lambda: site.rows(site.shop_db, UNFINISHED) == [], "no saga under way")
    until(lambda: site.both_sides() == [[(UNITS, 4)]] * 2, "both sides to have promised the 4 that were bought")
    until(lambda: site.rows(site.shop_db, UNANSWERED) == [], "no request about a payment without an answer")
    _money_is_where_it_belongs(site, bought["number"])


def _money_is_where_it_belongs(site: Site, cancelled: str) -> None:
    """By the gateway's own log: each order was charged once, and one got all of it back."""
    moved = httpx.get(f"{site.gateway}movements").raise_for_status().json()["movements"]
    taken = sum(Decimal(each["amount"]) for each in moved if each["kind"] == "capture")
    given = sum(Decimal(each["amount"]) for each in moved if each["kind"] == "refund")
    kept = "SELECT order_number, status, captured, refunded FROM payments_payment"
    payments = site.rows(site.shop_db, kept)
    assert (sum(row[2] for row in payments), sum(row[3] for row in payments)) == (taken, given)
    assert {row[0]: row[1] for row in payments}[cancelled] == "refunded"
    assert sorted(row[1] for row in payments) == ["captured", "captured", "refunded"]


def _buy_while_the_service_is_dead(site: Site, ada: Shopper) -> None:
    site.service.kill_9()
    ada.put_into_cart(SKU, 1)
    order = ada.send_checkout().json()
    assert order["status"] == "pending"
    site.service.start()
    until(lambda: ada.look_at(order)["status"] == "placed", "the order to be placed")


def _bought(shopper: Shopper, quantity: int) -> dict[str, Any]:
    shopper.put_into_cart(SKU, quantity)
    outcome = shopper.buy()
    assert isinstance(outcome, Bought), outcome
    return outcome.order


def _code(outcome: Bought | Refused) -> str:
    assert isinstance(outcome, Refused), outcome
    return outcome.code


def _a_moment(seconds: float) -> None:
    """A client that is in a hurry."""
    time.sleep(seconds / 5)
