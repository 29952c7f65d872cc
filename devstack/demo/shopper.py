"""One customer of the shop, who knows nothing but its HTTP API."""

import random
import secrets
from typing import Any

import httpx

from devstack.demo.journal import Journal
from devstack.shop.errors import CannotGoOn

TIMEOUT_SECONDS = 30
WORKING_CARD, DECLINED_CARD = "tok_visa", "tok_declined"


class Api:
    """The shop's API as one user. Every answer but the expected one is an error."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=f"{url}/api/", timeout=TIMEOUT_SECONDS, trust_env=False)

    def log_in_with(self, token: str) -> None:
        self._client.headers["Authorization"] = f"Token {token}"

    def call(self, method: str, path: str, expected: int, body: dict[str, Any] | None = None) -> Any:
        try:
            answer = self._client.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise CannotGoOn(f"{method} /api/{path} got no answer: {error!r}") from error
        if answer.status_code != expected:
            raise CannotGoOn(
                f"{method} /api/{path} answered {answer.status_code} instead of {expected}: {answer.text[:300]}"
            )
        return answer.json()

    def close(self) -> None:
        self._client.close()


class Shopper:
    def __init__(self, number: int, url: str, journal: Journal, dice: random.Random) -> None:
        self._api = Api(url)
        self._journal = journal
        self._dice = dice
        self._email = f"shopper{number}@example.com"
        self._name = f"Shopper {number}"
        self._address = 0
        self._skus: list[str] = []
        self._mine: list[str] = []

    def register(self) -> None:
        credentials = {"email": self._email, "name": self._name, "password": secrets.token_urlsafe(16)}
        self._api.log_in_with(self._api.call("POST", "customers/register/", 201, credentials)["token"])
        self._journal.customer_registered()
        home = {"recipient": self._name, "street": "Hauptstr. 1", "postal_code": "10115", "city": "Berlin"}
        self._address = self._api.call("POST", "customers/me/addresses/", 201, {**home, "country": "DE"})["id"]
        products = self._api.call("GET", "products/?page_size=100", 200)["results"]
        self._skus = sorted(variant["sku"] for product in products for variant in product["variants"])

    def place_order(self) -> str:
        for sku in self._dice.sample(self._skus, self._dice.randint(1, 3)):
            self._api.call("POST", "cart/items/", 201, {"sku": sku, "quantity": self._dice.randint(1, 2)})
        number = str(self._api.call("POST", "cart/checkout/", 201, self._payment(WORKING_CARD))["number"])
        self._journal.order_placed(number, self._email)
        self._mine.append(number)
        return number

    def fail_to_pay(self) -> None:
        """Leaves the goods in the cart; the next order takes them along."""
        self._api.call("POST", "cart/items/", 201, {"sku": self._dice.choice(self._skus), "quantity": 1})
        self._api.call("POST", "cart/checkout/", 402, self._payment(DECLINED_CARD))
        self._journal.payment_declined()

    def cancel_an_order(self) -> None:
        number = self._mine.pop(self._dice.randrange(len(self._mine)))
        self._api.call("POST", f"orders/{number}/cancel/", 200, {"reason": "changed my mind"})
        self._journal.order_cancelled(number)

    def give_an_order_back(self) -> str:
        """Return the number of an order for the staff to refund; it will not be cancelled any more."""
        return self._mine.pop(self._dice.randrange(len(self._mine)))

    def close(self) -> None:
        self._api.close()

    def _payment(self, card: str) -> dict[str, Any]:
        return {"address_id": self._address, "card_token": card}


class Staff:
    """Who may give money back."""

    def __init__(self, url: str, journal: Journal, password: str) -> None:
        self._api = Api(url)
        self._journal = journal
        login = {"username": "admin", "password": password}
        self._api.log_in_with(self._api.call("POST", "customers/token/", 200, login)["token"])

    def refund(self, number: str) -> None:
        self._api.call("POST", f"orders/{number}/refund/", 200, {})
        self._journal.order_refunded(number)

    def close(self) -> None:
        self._api.close()
