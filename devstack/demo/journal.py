"""What the shop's API answered: the log that is independent of outbox, broker and inbox."""

import threading
from collections import Counter

PLACED = "orders.order_placed"
CANCELLED = "orders.order_cancelled"
CAPTURED = "payments.payment_captured"
REFUNDED = "payments.payment_refunded"
TEMPLATES = {
    PLACED: "order_confirmation",
    CANCELLED: "order_cancelled",
    CAPTURED: "payment_receipt",
    REFUNDED: "refund",
}
"""The events that the notifications service reacts to, and the e-mail that each must lead to."""


class Journal:
    """Thread-safe. An entry is made when the API has acknowledged something, never before."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.promised: Counter[tuple[str, str]] = Counter()
        self.address_of: dict[str, str] = {}
        self.customers = 0
        self.cancelled = 0
        self.refunded = 0
        self.declined = 0

    @property
    def orders(self) -> int:
        return len(self.address_of)

    def order_placed(self, number: str, address: str) -> None:
        with self._lock:
            self.address_of[number] = address
            self.promised.update([(PLACED, number), (CAPTURED, number)])

    def order_cancelled(self, number: str) -> None:
        with self._lock:
            self.cancelled += 1
            self.promised.update([(CANCELLED, number), (REFUNDED, number)])

    def order_refunded(self, number: str) -> None:
        with self._lock:
            self.refunded += 1
            self.promised.update([(REFUNDED, number)])

    def payment_declined(self) -> None:
        """Such a checkout must leave nothing behind."""
        with self._lock:
            self.declined += 1

    def customer_registered(self) -> None:
        with self._lock:
            self.customers += 1
