"""A small client of the shop, written against the API's contract alone: it knows of no stage and of no service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

PENDING = "pending"
MOST_LOOKS = 100


@dataclass(frozen=True)
class Bought:
    order: dict[str, Any]


@dataclass(frozen=True)
class Refused:
    """`code` is that of a problem, whether it was answered as one or came to stand on the order."""

    code: str
    reason: str


class Shopper:
    """`client` is called as an APIClient is.

    `pause(seconds)` is what she does between two looks at a pending order, `patience` what she prefers to wait.
    """

    def __init__(self, client: Any, *, pause: Callable[[float], object], patience: int | None = None) -> None:
        self.client = client
        self._pause = pause
        self._patience = patience
        home = {"recipient": "Ada", "street": "1 High St", "postal_code": "N1", "city": "London", "country": "GB"}
        self.address = self._sent("post", "/api/customers/me/addresses/", home)["id"]

    def put_into_cart(self, sku: str, quantity: int = 1) -> None:
        self._sent("post", "/api/cart/items/", {"sku": sku, "quantity": quantity})

    def in_the_cart(self) -> dict[str, int]:
        return {item["sku"]: item["quantity"] for item in self._sent("get", "/api/cart/")["items"]}

    def hold(self) -> str:
        return str(self._sent("post", "/api/cart/hold/")["held_until"])

    def buy(self, *, card: str = "tok_visa", key: str | None = None) -> Bought | Refused:
        """Each attempt has a key of its own; with an old one it is the old attempt."""
        headers = {"Idempotency-Key": key or str(uuid4())}
        if self._patience is not None:
            headers["Prefer"] = f"wait={self._patience}"
        answer = self.send_checkout(card=card, **headers)
        if answer["Content-Type"] == "application/problem+json":
            return Refused(answer.json()["code"], answer.json()["detail"])
        assert answer.status_code == 201, answer.content
        return self._followed(answer)

    def send_checkout(self, *, card: str = "tok_visa", **headers: str) -> Any:
        body = {"address_id": self.address, "card_token": card}
        return self.client.post("/api/cart/checkout/", body, headers=headers)

    def cancel(self, order: dict[str, Any]) -> dict[str, Any]:
        return self._sent("post", f"/api/orders/{order['number']}/cancel/", {"reason": "changed my mind"})

    def look_at(self, order: dict[str, Any]) -> dict[str, Any]:
        return self._sent("get", f"/api/orders/{order['number']}/")

    def orders(self) -> list[str]:
        return [order["number"] for order in self._sent("get", "/api/orders/")["results"]]

    def _followed(self, answer: Any) -> Bought | Refused:
        where = answer["Location"]
        for _ in range(MOST_LOOKS):
            order = answer.json()
            if order["status"] != PENDING:
                break
            self._pause(float(answer["Retry-After"]))
            answer = self.client.get(where)
        assert order["status"] != PENDING, "she is left hanging"
        if order["cancel_code"]:
            return Refused(order["cancel_code"], order["cancel_reason"])
        return Bought(order)

    def _sent(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        answer = getattr(self.client, method)(path, body)
        assert answer.status_code in {200, 201}, answer.content
        told: dict[str, Any] = answer.json()
        return told
