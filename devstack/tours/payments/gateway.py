"""The gateway as the tour meets it: its knobs, and its own log of every movement of money."""

from decimal import Decimal
from typing import NamedTuple

import httpx

from devstack.shop.errors import CannotGoOn

SECONDS = 30.0


class Movement(NamedTuple):
    """`order_number` is what the gateway was told with the authorisation."""

    kind: str
    authorisation: str
    order_number: str
    amount: Decimal


class Gateway:
    def __init__(self, url: str) -> None:
        self._url = url

    def turn(self, **knobs: float | bool) -> None:
        """Raises CannotGoOn."""
        self._ask("PUT", "knobs", knobs)

    def movements(self) -> list[Movement]:
        """All there ever were, in order. Raises CannotGoOn."""
        told = self._ask("GET", "movements")["movements"]
        return [
            Movement(each["kind"], each["authorisation"], each["order_number"], Decimal(each["amount"]))
            for each in told
        ]

    def _ask(self, method: str, path: str, body: object = None) -> dict[str, list[dict[str, str]]]:
        url = f"{self._url}/{path}"
        try:
            answer = httpx.request(method, url, json=body, timeout=SECONDS, trust_env=False)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise CannotGoOn(f"{method} {url}: {error!r}") from error
        told: dict[str, list[dict[str, str]]] = answer.json()
        return told
