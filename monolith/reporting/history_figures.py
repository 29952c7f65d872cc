"""Who came back, and how fast the stock turns: two figures over years, counted from every order and every movement."""

from datetime import UTC, date
from decimal import Decimal
from typing import NamedTuple

from django.db import connection
from django.utils import timezone

# A customer's month counts where an order of it was not cancelled; its first one is the cohort, for each currency.
COHORTS = """
    WITH months AS (
        SELECT customer_id, date_trunc('month', placed_at, 'UTC')::date AS month, count(*) AS orders,
               coalesce(sum(total) FILTER (WHERE status <> 'refunded'), 0.00) AS revenue
        FROM orders_order WHERE status NOT IN ('pending', 'cancelled') AND currency = %(currency)s
        GROUP BY customer_id, date_trunc('month', placed_at, 'UTC')
    ), since AS (SELECT *, min(month) OVER (PARTITION BY customer_id) AS first FROM months)
    SELECT first, month, count(*), sum(orders)::bigint, sum(revenue) FROM since
    WHERE first >= %(first)s GROUP BY first, month ORDER BY first, month
"""
STOCK_TURNOVER = """
    WITH moves AS (
        SELECT sku, quantity, reason, created_at >= %(first)s::date::timestamp AT TIME ZONE 'UTC' AS in_time
        FROM inventory_stockmovement movement JOIN inventory_stockitem item ON item.id = movement.item_id
    )
    SELECT sku, coalesce(-sum(quantity) FILTER (WHERE in_time AND reason = 'shipped'), 0) AS shipped,
           coalesce(sum(quantity) FILTER (WHERE in_time AND reason = 'returned'), 0),
           coalesce(sum(quantity) FILTER (WHERE NOT in_time), 0), sum(quantity)
    FROM moves GROUP BY sku HAVING sum(quantity) FILTER (WHERE in_time AND reason = 'shipped') < 0
    ORDER BY shipped DESC, sku LIMIT %(limit)s
"""


class Cohort(NamedTuple):
    """Of the customers whose first order was in month `first`: how many ordered in `month`, and for how much."""

    first: date
    month: date
    customers: int
    orders: int
    revenue: Decimal


class Turnover(NamedTuple):
    """Units of a SKU in all warehouses. `turnover`: how often the average stock was shipped; None without stock."""

    sku: str
    shipped: int
    returned: int
    opening: int
    closing: int
    turnover: Decimal | None


def cohorts(months: int = 12, currency: str = "EUR") -> list[Cohort]:
    """Of the customers who came in the last `months` months, this one included."""
    return [Cohort(*row) for row in _rows(COHORTS, first=_first_month(months), currency=currency)]


def stock_turnover(months: int = 12, limit: int = 10) -> list[Turnover]:
    """Of the last `months` months, this one included, what was shipped most."""
    rows = _rows(STOCK_TURNOVER, first=_first_month(months), limit=limit)
    return [Turnover(*row, _turnover(row[1], row[3], row[4])) for row in rows]


def _turnover(shipped: int, opening: int, closing: int) -> Decimal | None:
    if opening + closing <= 0:
        return None
    return (Decimal(2 * shipped) / (opening + closing)).quantize(Decimal("0.01"))


def _first_month(months: int) -> date:
    today = timezone.now().astimezone(UTC).date()
    year, month = divmod(today.year * 12 + today.month - months, 12)
    return date(year, month + 1, 1)


def _rows(query: str, **parameters: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchall()
