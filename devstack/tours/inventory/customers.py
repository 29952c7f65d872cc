"""Customers who all want the same few goods, and staff who send them out. They know nothing but the shop's API."""

import queue
import random
import secrets
import time
from collections.abc import Callable
from decimal import Decimal
from itertools import count
from zlib import crc32

from devstack.shop.crew import Crew
from devstack.tours.inventory.api import Answer, Api
from devstack.tours.inventory.journal import Bought, Journal

CUSTOMERS = 6
ROUNDS_PER_SECOND = 7.0
HOT_SKUS = {range(10): 1, range(10, 50): 2, range(50, 100): 2}
"""So many are chosen of those that a canary takes at these percents, so that each stage has some on both sides."""
SUPPLY = 15
"""Units of each hot SKU that staff put on the shelves when they are asked to."""
WORKING_CARD, DECLINED_CARD = "tok_visa", "tok_declined"
REFUSALS = {
    "out_of_stock": 409,
    "payment_declined": 402,
    "called_off": 409,
    "no_answer": 503,
    "gateway_unavailable": 503,
}
DECLINE_EVERY, HOLD_EVERY, WAIT_EVERY = 11, 7, 2
CANCEL_EVERY, SHIP_EVERY, RETURN_EVERY = 5, 3, 4


class Customer:
    def __init__(self, number: int, url: str, journal: Journal, dice: random.Random) -> None:
        self._api = Api(url)
        self._journal = journal
        self._dice = dice
        self._who = f"Customer {number}"
        self._email = f"customer{number}.{secrets.token_hex(4)}@example.com"
        self._pending: list[Bought] = []
        self._mine: list[Bought] = []
        self._rounds = count(1)
        self.close = self._api.close

    def register(self, hot: list[str], others: list[str], to_ship: "queue.Queue[Bought]") -> None:
        self._hot, self._others, self._to_ship = hot, others, to_ship
        credentials = {"email": self._email, "name": self._who, "password": secrets.token_urlsafe(16)}
        self._api.log_in_with(self._api.expect("POST", "customers/register/", 201, credentials)["token"])
        home = {"recipient": self._who, "street": "Hauptstr. 1", "postal_code": "10115", "city": "Berlin"}
        self._address = self._api.expect("POST", "customers/me/addresses/", 201, {**home, "country": "DE"})["id"]

    def go_round(self) -> None:
        number = next(self._rounds)
        self.follow()
        self._empty_cart()
        self._fill_cart(number)
        self._check_out(number)
        if number % CANCEL_EVERY == 0:
            self._cancel_one()
        if number % SHIP_EVERY == 0 and self._mine:
            self._to_ship.put(self._mine.pop(0))

    def follow(self) -> None:
        """Ask what has become of the orders that were pending."""
        for order in list(self._pending):
            answer = self._api.call("GET", f"orders/{order.number}/")
            if answer.status != 200:
                self._note(answer, f"GET of order {order.number}")
            elif answer.body["status"] != "pending":
                order.status, order.code = answer.body["status"], answer.body["cancel_code"]
                order.waited = time.monotonic() - order.since
                self._pending.remove(order)
                self._keep(order)
            elif answer.body.get("payment_retried_until"):
                order.awaited_payment = True

    def _empty_cart(self) -> None:
        """What was refused is in there again."""
        for line in self._api.expect("GET", "cart/", 200)["items"]:
            self._api.expect("DELETE", f"cart/items/{line['sku']}/", 200)

    def _fill_cart(self, number: int) -> None:
        chosen = {self._dice.choice(self._hot), self._dice.choice(self._others)}
        for sku in sorted(chosen)[: self._dice.randint(1, 2)] if number % 3 else [self._dice.choice(self._hot)]:
            self._api.expect("POST", "cart/items/", 201, {"sku": sku, "quantity": self._dice.randint(1, 3)})
        if number % HOLD_EVERY == 0:
            held = self._api.call("POST", "cart/hold/")
            if held.status == 201:
                with self._journal.written() as journal:
                    journal.holds += 1
            elif held.code != "out_of_stock":
                self._note(held, "a hold")

    def _check_out(self, number: int) -> None:
        card = DECLINED_CARD if number % DECLINE_EVERY == 0 else WORKING_CARD
        wish = {"address_id": self._address, "card_token": card, "pay": "on_shipment" if number % 4 == 0 else "now"}
        since = time.monotonic()
        answer = self._api.call("POST", "cart/checkout/", wish, prefer="" if number % WAIT_EVERY else "wait=5")
        if answer.status == 201:
            order = self._journal.ordered(answer.body, since)
            (self._pending if order.was_pending else self._mine).append(order)
        elif REFUSALS.get(answer.code) == answer.status:
            with self._journal.written() as journal:
                journal.refusals[answer.code] += 1
        else:
            self._note(answer, "a checkout")

    def _keep(self, order: Bought) -> None:
        if order.status == "placed":
            self._mine.append(order)
        elif order.code in REFUSALS:
            with self._journal.written() as journal:
                journal.refusals[order.code] += 1
        else:
            with self._journal.written() as journal:
                journal.unexpected.append(f"order {order.number} became {order.status} ({order.code or 'no code'})")

    def _cancel_one(self) -> None:
        if not self._mine:
            return
        order = self._mine.pop(self._dice.randrange(len(self._mine)))
        answer = self._api.call("POST", f"orders/{order.number}/cancel/", {"reason": "changed my mind"})
        if answer.status == 200 or (answer.again and answer.code == "illegal_transition"):
            order.status = "cancelled"
        else:
            self._note(answer, f"the cancellation of {order.number}")

    def _note(self, answer: Answer, what: str) -> None:
        with self._journal.written() as journal:
            journal.unexpected.append(f"{what} was answered {answer.status}: {str(answer.body)[:300]}")

    @property
    def pending(self) -> int:
        return len(self._pending)


class Staff:
    """Send out what customers do not cancel any more, take some of it back, and supply what is sold out."""

    def __init__(self, url: str, journal: Journal, password: str) -> None:
        self._api = Api(url)
        self._journal = journal
        login = {"username": "admin", "password": password}
        self._api.log_in_with(self._api.expect("POST", "customers/token/", 200, login)["token"])
        self.to_ship: queue.Queue[Bought] = queue.Queue()
        self.close = self._api.close
        self._sent = 0

    def skus(self) -> list[str]:
        products = self._api.expect("GET", "products/?page_size=100", 200)["results"]
        return sorted(variant["sku"] for product in products for variant in product["variants"])

    def send_out(self) -> None:
        try:
            order = self.to_ship.get_nowait()
        except queue.Empty:
            return
        answer = self._api.call("POST", f"orders/{order.number}/ship/", {})
        if answer.code == "payment_elsewhere":  # the monolith has not heard of it yet: in a moment
            self.to_ship.put(order)
            return
        if answer.status != 201:
            with self._journal.written() as journal:
                journal.unexpected.append(f"shipping {order.number} was answered {answer.status}: {answer.body}")
            return
        order.status, order.shipped = "shipped", True
        self._sent += 1
        self._after(order, [parcel["number"] for parcel in answer.body])

    def _after(self, order: Bought, parcels: list[str]) -> None:
        if self._sent % RETURN_EVERY == 0:
            self._take_back(order, parcels)

    def supply(self, skus: list[str]) -> None:
        for sku in skus:
            self._api.expect("POST", "stock/adjustments/", 201, {"sku": sku, "by": SUPPLY, "reason": "supplied"})
            with self._journal.written() as journal:
                journal.supplied[sku] += SUPPLY

    def _take_back(self, order: Bought, parcels: list[str]) -> None:
        for parcel in parcels:
            answer = self._api.call("POST", f"shipments/{parcel}/deliver/")
            if answer.status != 200 and not answer.again:
                raise RuntimeError(f"parcel {parcel} is not delivered: {answer.status} {answer.body}")
        lines = [{"sku": sku, "quantity": units} for sku, units in order.quantities.items()]
        wish = {"lines": lines, "reason": "does not fit"}
        returned = self._api.expect("POST", f"orders/{order.number}/returns/", 201, wish)
        received = self._api.call("POST", f"returns/{returned['number']}/receive/")
        order.status, order.returned = "returned", True
        order.refunded += Decimal(received.body.get("refunded", 0))


class Crowd:
    """`register()`, then `start()`; goes on until `stop()`. `check()` raises what stopped one of them."""

    def __init__(
        self,
        url: str,
        journal: Journal,
        *,
        password: str,
        seed: int,
        staff: type[Staff] = Staff,
        customers: int = CUSTOMERS,
        per_second: float = ROUNDS_PER_SECOND,
    ) -> None:
        self.journal = journal
        self._staff = staff(url, journal, password)
        dice = [random.Random(f"{seed} customer {number}") for number in range(customers)]  # noqa: S311
        self._customers = [Customer(number, url, journal, dice[number]) for number in range(customers)]
        self._dice = random.Random(f"{seed} goods")  # noqa: S311
        rounds: list[Callable[[], None]] = [customer.go_round for customer in self._customers]
        self._crew = Crew([*rounds, self._staff.send_out], per_second=per_second)
        self.start, self.check = self._crew.start, self._crew.check
        self.hot: list[str] = []

    def register(self) -> None:
        skus = self._staff.skus()
        for percents, number in HOT_SKUS.items():
            of_these = [sku for sku in skus if taken_at(sku) in percents]
            self.hot += self._dice.sample(of_these, number)
        for customer in self._customers:
            customer.register(self.hot, [sku for sku in skus if sku not in self.hot], self._staff.to_ship)

    def supply(self) -> None:
        self._staff.supply(self.hot)

    def follow(self) -> int:
        """After `stop()`. Returns how many are pending still."""
        for customer in self._customers:
            customer.follow()
        return sum(customer.pending for customer in self._customers)

    def stop(self) -> None:
        """Let every request in hand come to its answer."""
        self._crew.stop()

    def close(self) -> None:
        for customer in self._customers:
            customer.close()
        self._staff.close()


def taken_at(sku: str) -> int:
    """A canary of more percent than this takes it. Said here once more, since customers know nothing of the kit."""
    return crc32(sku.encode()) % 100
