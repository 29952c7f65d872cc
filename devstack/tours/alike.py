"""`python -m devstack.tours.alike`, with the shop's settings: do the joins and the service answer alike, to the cent?

Events are on their way while the shop sells: both are asked again until one moment is found at which they agree.
"""

import sys
import time
from collections.abc import Callable, Iterator

import django

django.setup()

from monolith.reporting import selectors, service  # noqa: E402
from monolith.reporting.selectors import DaySales, TopCustomer, TopProduct  # noqa: E402

PATIENCE_SECONDS = 30.0
DAYS = 800
"""All of the seeded history."""

Sides = tuple[Callable[[], object], Callable[[], object]]


def main() -> int:
    figures = 0
    for name, (ours, theirs) in questions():
        until = time.monotonic() + PATIENCE_SECONDS
        while (answer := ours()) != (other := theirs()):
            if time.monotonic() > until:
                print(f"{name}: {answer!r:.2000}\nbut the service says\n{other!r:.2000}")
                return 1
        figures += size(answer)
    print(f"{figures:,} figures alike, to the cent")
    return 0


def questions() -> Iterator[tuple[str, Sides]]:
    yield "sales by day", (lambda: selectors.sales_by_day(DAYS), _sales)
    yield "best products", (lambda: selectors.top_products(DAYS, 100), _products)
    yield "best customers", (lambda: selectors.top_customers(100), _customers)


def _sales() -> object:
    sales = service.ask("sales-by-day", days=DAYS)
    return {currency: service.rows(DaySales, rows) for currency, rows in sales.items()}


def _products() -> object:
    return service.rows(TopProduct, service.ask("top-products", days=DAYS, limit=100, currency="EUR"))


def _customers() -> object:
    return service.rows(TopCustomer, service.ask("top-customers", limit=100))


def size(answer: object) -> int:
    """Rows, times their columns."""
    rows = [row for some in answer.values() for row in some] if isinstance(answer, dict) else list(answer)  # type: ignore[call-overload]
    return sum(len(row) for row in rows)


if __name__ == "__main__":
    sys.exit(main())
