"""Shoppers at work, each in a thread of its own, at a steady pace for all of them together."""

import random
import threading
import time

from devstack.demo.journal import Journal
from devstack.demo.shopper import Shopper, Staff

SHOPPERS = 4
ORDERS_PER_SECOND = 8.0
CANCEL_EVERY, REFUND_EVERY, DECLINE_EVERY = 6, 9, 11


class Load:
    """`register()`, then `start()`; goes on until `stop()`. `check()` raises what stopped a shopper."""

    def __init__(self, url: str, journal: Journal, *, password: str, seed: int) -> None:
        self._journal = journal
        self._staff = Staff(url, journal, password)
        dice = [random.Random(f"{seed} shopper {number}") for number in range(SHOPPERS)]  # noqa: S311
        self._shoppers = [Shopper(number, url, journal, dice[number]) for number in range(SHOPPERS)]
        self._pace = _Pace(ORDERS_PER_SECOND)
        self._stop = threading.Event()
        self._staff_lock = threading.Lock()
        self._failure: Exception | None = None
        self._threads = [
            threading.Thread(target=self._work, args=(shopper,), name=f"shopper-{number}", daemon=True)
            for number, shopper in enumerate(self._shoppers)
        ]

    def register(self) -> None:
        for shopper in self._shoppers:
            shopper.register()

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let every request in hand come to its answer."""
        self._stop.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()
        for shopper in self._shoppers:
            shopper.close()
        self._staff.close()

    def check(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _work(self, shopper: Shopper) -> None:
        try:
            count = 0
            while not self._stop.wait(self._pace.seconds_to_wait()):
                count += 1
                self._one_round(shopper, count)
        except Exception as error:  # noqa: BLE001 - raised again by check(), in the main thread
            self._failure = error
            self._stop.set()

    def _one_round(self, shopper: Shopper, count: int) -> None:
        """Mostly plain orders; now and then a declined card, a change of mind, or goods sent back."""
        if count % DECLINE_EVERY == 2:
            shopper.fail_to_pay()
        shopper.place_order()
        if count % CANCEL_EVERY == 3:
            shopper.cancel_an_order()
        if count % REFUND_EVERY == 4:
            number = shopper.give_an_order_back()
            with self._staff_lock:
                self._staff.refund(number)


class _Pace:
    """Hands out the moments at which the next order is due."""

    def __init__(self, per_second: float) -> None:
        self._interval = 1 / per_second
        self._lock = threading.Lock()
        self._next = 0.0

    def seconds_to_wait(self) -> float:
        with self._lock:
            now = time.monotonic()
            self._next = max(now, self._next + self._interval)
            return self._next - now
