"""One customer, with a member of staff to serve her: everything that either does to an order is done in this thread.

So the writes to one order have one order in the log, which is the order their events must be handled in.
"""

import random
import secrets
from decimal import Decimal
from typing import Any

from devstack.chaos.client import Answer, Client
from devstack.chaos.writes import ACKNOWLEDGED, CANCEL, IN_DOUBT, ORDER, REFUND, REFUSED, RESTOCK, Write, WriteLog

WORKING_CARD, DECLINED_CARD = "tok_visa", "tok_declined"
TOO_MANY = 999
RESTOCKED = 40
PART = Decimal("1.00")


class Shopper:
    def __init__(self, number: int, url: str, log: WriteLog, dice: random.Random) -> None:
        self.email = f"shopper{number}@example.com"
        self._name = f"Shopper {number}"
        self._customer, self._staff = Client(url), Client(url)
        self._log = log
        self._dice = dice
        self._address = 0
        self._skus: list[str] = []
        self._orders: dict[str, bool] = {}
        self._unclear: list[tuple[Write, dict[str, Any]]] = []

    def register(self, staff_token: str) -> None:
        self._staff.log_in_with(staff_token)
        password = secrets.token_urlsafe(16)
        credentials = {"email": self.email, "name": self._name, "password": password}
        answer = self._customer.ask("POST", "customers/register/", (201, 409), credentials)
        if answer.status == 409:  # the first attempt took too long to be heard of, and was carried out
            login = {"username": self.email, "password": password}
            answer = self._customer.ask("POST", "customers/token/", (200,), login)
        self._customer.log_in_with(answer.body["token"])
        home = {"recipient": self._name, "street": "Hauptstr. 1", "postal_code": "10115", "city": "Berlin"}
        address = self._customer.ask("POST", "customers/me/addresses/", (201,), {**home, "country": "DE"})
        self._address = address.body["id"]
        products = self._customer.ask("GET", "products/?page_size=100", (200,)).body["results"]
        self._skus = sorted(variant["sku"] for product in products for variant in product["variants"])

    def act(self) -> None:
        """One thing that a customer may do, or that staff do for her."""
        actions = {self._buy: 60, self._buy_later: 12, self._fail_to_pay: 7, self._want_too_much: 6, self._restock: 6}
        if self._orders:
            actions |= {self._cancel: 14, self._refund_a_part: 10, self._refund: 8}
        [action] = self._dice.choices(list(actions), list(actions.values()))
        action()

    def resolve(self) -> None:
        """Once the shop is at rest: what was refused after a doubt is asked again, now that nothing can come late."""
        for write, body in self._unclear:
            answer = self._ask_checkout(write, body)
            self._note_order(write, answer, final=True)

    def close(self) -> None:
        self._customer.close()
        self._staff.close()

    # --- what she may do

    def _buy(self) -> None:
        self._fill_the_cart()
        self._check_out(WORKING_CARD, "now")

    def _buy_later(self) -> None:
        """The money is only set aside."""
        self._fill_the_cart()
        self._check_out(WORKING_CARD, "on_shipment")

    def _fail_to_pay(self) -> None:
        """Declined at the very end of the transaction: everything in it is rolled back."""
        self._fill_the_cart()
        self._check_out(DECLINED_CARD, "now")
        self._empty_the_cart()

    def _want_too_much(self) -> None:
        self._customer.ask("POST", "cart/items/", (201,), {"sku": self._dice.choice(self._skus), "quantity": TOO_MANY})
        self._check_out(WORKING_CARD, "now")
        self._empty_the_cart()

    def _cancel(self) -> None:
        number = self._pick()
        del self._orders[number]
        write = self._write(CANCEL, {"order": number})
        body = {"reason": "changed my mind"}
        answer = self._customer.ask("POST", f"orders/{number}/cancel/", (200, 409), body, write.id)
        done = answer.status == 200 or (answer.doubts > 0 and self._is_cancelled(number))
        self._log.answered(write, ACKNOWLEDGED if done else REFUSED, {"code": answer.code})

    def _refund_a_part(self) -> None:
        """Refused where the money was only set aside."""
        self._give_back(self._pick(), {"amount": str(PART)})

    def _refund(self) -> None:
        number = self._pick()
        if self._orders[number]:
            del self._orders[number]
        self._give_back(number, {})

    def _restock(self) -> None:
        sku = self._dice.choice(self._skus)
        write = self._write(RESTOCK, {"sku": sku, "by": RESTOCKED})
        body = {"sku": sku, "by": RESTOCKED, "reason": "a delivery"}
        self._staff.ask("POST", "stock/adjustments/", (201,), body, write.id)
        self._log.answered(write, ACKNOWLEDGED, {})

    # --- how

    def _fill_the_cart(self) -> None:
        for sku in self._dice.sample(self._skus, self._dice.randint(1, 3)):
            self._customer.ask("POST", "cart/items/", (201,), {"sku": sku, "quantity": self._dice.randint(1, 2)})

    def _empty_the_cart(self) -> None:
        for item in self._customer.ask("GET", "cart/", (200,)).body["items"]:
            self._customer.ask("DELETE", f"cart/items/{item['sku']}/", (200,))

    def _check_out(self, card: str, pay: str) -> None:
        write = self._write(ORDER, {"pay": pay, "email": self.email})
        body = {"address_id": self._address, "card_token": card, "pay": pay}
        answer = self._ask_checkout(write, body)
        self._note_order(write, answer, final=not answer.doubts)
        if answer.status != 201 and answer.doubts:
            self._unclear.append((write, body))
        if answer.code == "out_of_stock":
            self._empty_the_cart()

    def _ask_checkout(self, write: Write, body: dict[str, Any]) -> Answer:
        return self._customer.ask("POST", "cart/checkout/", (201, 400, 402, 409), body, write.id)

    def _note_order(self, write: Write, answer: Answer, *, final: bool) -> None:
        """A refusal that follows a doubt is not the last word: the first attempt may still be on its way."""
        if answer.status == 201:
            self._orders[answer.body["number"]] = write.about["pay"] == "now"
            told = {name: answer.body[name] for name in ("number", "total")}
            told["lines"] = {line["sku"]: line["quantity"] for line in answer.body["lines"]}
            self._log.answered(write, ACKNOWLEDGED, told)
        else:
            self._log.answered(write, REFUSED if final else IN_DOUBT, {"code": answer.code})

    def _give_back(self, number: str, body: dict[str, str]) -> None:
        write = self._write(REFUND, {"order": number, **body})
        answer = self._staff.ask("POST", f"orders/{number}/refund/", (200, 409), body, write.id)
        self._log.answered(write, ACKNOWLEDGED if answer.status == 200 else REFUSED, {"code": answer.code})

    def _is_cancelled(self, number: str) -> bool:
        return bool(self._customer.ask("GET", f"orders/{number}/", (200,)).body["status"] == "cancelled")

    def _pick(self) -> str:
        return self._dice.choice(sorted(self._orders))

    def _write(self, what: str, about: dict[str, Any]) -> Write:
        write = Write(f"{what}-{secrets.token_hex(8)}", what, about)
        self._log.asked(write)
        return write
