"""Shoppers at work: mostly plain orders, now and then a declined card, a change of mind, or goods sent back."""

import random
import threading
from collections.abc import Callable
from itertools import count

from devstack.demo.journal import Journal
from devstack.demo.shopper import Shopper, Staff
from devstack.shop.crew import Crew

SHOPPERS = 4
ORDERS_PER_SECOND = 8.0
CANCEL_EVERY, REFUND_EVERY, DECLINE_EVERY = 6, 9, 11


class Load:
    """`register()`, then `start()`; goes on until `stop()`. `check()` raises what stopped a shopper."""

    def __init__(self, url: str, journal: Journal, *, password: str, seed: int) -> None:
        self._staff = Staff(url, journal, password)
        dice = [random.Random(f"{seed} shopper {number}") for number in range(SHOPPERS)]  # noqa: S311
        self._shoppers = [Shopper(number, url, journal, dice[number]) for number in range(SHOPPERS)]
        self._staff_lock = threading.Lock()
        self._crew = Crew([self._rounds_of(shopper) for shopper in self._shoppers], per_second=ORDERS_PER_SECOND)
        self.start = self._crew.start
        self.check = self._crew.check

    def register(self) -> None:
        for shopper in self._shoppers:
            shopper.register()

    def stop(self) -> None:
        """Let every request in hand come to its answer."""
        self._crew.stop()
        for shopper in self._shoppers:
            shopper.close()
        self._staff.close()

    def _rounds_of(self, shopper: Shopper) -> Callable[[], None]:
        numbers = count(1)
        return lambda: self._one_round(shopper, next(numbers))

    def _one_round(self, shopper: Shopper, number: int) -> None:
        if number % DECLINE_EVERY == 2:
            shopper.fail_to_pay()
        shopper.place_order()
        if number % CANCEL_EVERY == 3:
            shopper.cancel_an_order()
        if number % REFUND_EVERY == 4:
            order = shopper.give_an_order_back()
            with self._staff_lock:
                self._staff.refund(order)
