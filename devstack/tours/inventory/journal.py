"""What the shop's API has said to its customers and to its staff. Nothing here comes from a database."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal

ZERO = Decimal()
OPEN = ("pending", "placed")
"""Whose goods are promised, and nothing has been shipped."""


@dataclass(slots=True)
class Bought:
    """An order as the API has told of it. `quantities` by SKU, `waited` seconds for whether it is placed.

    `awaited_payment`: it said meanwhile that the bank does not answer. `refunded` is what was to be given back of it.
    """

    number: str
    quantities: dict[str, int]
    total: str
    status: str
    since: float
    was_pending: bool
    waited: float = 0.0
    code: str = ""
    shipped: bool = False
    returned: bool = False
    awaited_payment: bool = False
    refunded: Decimal = ZERO


@dataclass
class Journal:
    """Written by all customers at once."""

    orders: dict[str, Bought] = field(default_factory=dict)
    refusals: Counter[str] = field(default_factory=Counter)
    supplied: Counter[str] = field(default_factory=Counter)
    holds: int = 0
    unexpected: list[str] = field(default_factory=list)
    retried: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def written(self) -> Iterator["Journal"]:
        with self._lock:
            yield self

    def ordered(self, told: dict[str, object], since: float) -> Bought:
        """`since` is when it was asked for."""
        order = Bought(
            number=str(told["number"]),
            quantities={line["sku"]: line["quantity"] for line in told["lines"]},  # type: ignore[attr-defined]
            total=str(told["total"]),
            status=str(told["status"]),
            since=since,
            was_pending=told["status"] == "pending",
        )
        with self._lock:
            self.orders[order.number] = order
        if not order.was_pending:
            order.waited = time.monotonic() - since
        return order

    def count(self, *statuses: str) -> int:
        with self._lock:
            return sum(order.status in statuses for order in self.orders.values())

    @property
    def longest_wait(self) -> float:
        """Of those that are decided."""
        with self._lock:
            return max((order.waited for order in self.orders.values()), default=0.0)
