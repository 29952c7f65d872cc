"""Who came back: counted over years, from every order."""

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


class Cohort(NamedTuple):
    """Of the customers whose first order was in month `first`: how many ordered in `month`, and for how much."""

    first: date
    month: date
    customers: int
    orders: int
    revenue: Decimal


def cohorts(months: int = 12, currency: str = "EUR") -> list[Cohort]:
    """Of the customers who came in the last `months` months, this one included."""
    return [Cohort(*row) for row in rows(COHORTS, first=first_month(months), currency=currency)]


def first_month(months: int) -> date:
    today = timezone.now().astimezone(UTC).date()
    year, month = divmod(today.year * 12 + today.month - months, 12)
    return date(year, month + 1, 1)


def rows(query: str, **parameters: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchall()
