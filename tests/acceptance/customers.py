"""Who keeps a shop busy: customers, and the load balancer between them and its processes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Protocol, Self

import httpx

from tests.support.waiting import until


class Web(Protocol):
    url: str

    def stop(self) -> None: ...


class LoadBalancer:
    """Hands out the shop's processes in turn. One that is taken out first finishes the requests it has."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._requests: dict[Web, int] = {}
        self._in_service: list[Web] = []
        self._turn = 0

    @contextmanager
    def shop(self) -> Iterator[str]:
        with self._changed:
            self._turn += 1
            web = self._in_service[self._turn % len(self._in_service)]
            self._requests[web] = self._requests.get(web, 0) + 1
        try:
            yield web.url
        finally:
            with self._changed:
                self._requests[web] -= 1
                self._changed.notify_all()

    def put_in(self, web: Web) -> None:
        with self._changed:
            self._in_service.append(web)

    def take_out_the_oldest(self) -> None:
        with self._changed:
            web = self._in_service.pop(0)
            assert self._changed.wait_for(lambda: not self._requests.get(web), timeout=30), f"{web.url} hangs"
        web.stop()


class Customers:
    """They place an order and cancel it, over HTTP, one after another, until told to stop."""

    def __init__(self, balancer: LoadBalancer, count: int) -> None:
        self.orders: list[str] = []
        self._balancer = balancer
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(count)
        self._working: list[Future[None]] = [self._pool.submit(self._shop, number) for number in range(count)]

    def place(self, more: int) -> None:
        """Returns once `more` further orders are placed and cancelled."""
        wanted = len(self.orders) + more
        until(lambda: self._still_working() and len(self.orders) >= wanted, f"{more} more orders", seconds=60)

    def _still_working(self) -> bool:
        for future in self._working:
            if future.done():
                future.result()
        return True

    def _shop(self, number: int) -> None:
        with httpx.Client(timeout=30) as client:
            person = {"email": f"customer{number}@example.com", "name": "Ada", "password": "correct horse battery"}
            token = self._post(client, "customers/register/", person)["token"]
            client.headers["Authorization"] = f"Token {token}"
            home = {"recipient": "Ada", "street": "1 High St", "postal_code": "N1", "city": "London", "country": "GB"}
            payment = {
                "address_id": self._post(client, "customers/me/addresses/", home)["id"],
                "card_token": "tok_visa",
            }
            while not self._stop.is_set():
                self._post(client, "cart/items/", {"sku": "SKU-00001", "quantity": 1})
                order = self._post(client, "cart/checkout/", payment)["number"]
                self._post(client, f"orders/{order}/cancel/", {"reason": "changed her mind"})
                self.orders.append(order)

    def _post(self, client: httpx.Client, path: str, body: dict[str, object]) -> dict[str, str]:
        with self._balancer.shop() as url:
            answer = client.post(f"{url}/api/{path}", json=body)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._pool.shutdown()
