"""The figures, as they are asked for: one statement each, of the generation that answers at that moment.

What is added up here are days and months, never orders. The words of the answers are those of the shop's own selectors.
"""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.utils import timezone

from extracted.reporting.models.figures import ZERO
from extracted.reporting.sql import execute

SERVING = "(SELECT generation FROM reporting_serving)"

SALES = f"""
    SELECT currency, day, orders, revenue FROM reporting_sales_day
    WHERE generation = {SERVING} AND day >= %s AND (day < %s OR orders > 0)
"""  # noqa: S608  (constants, here and below)
PRODUCTS = f"""
    WITH sold AS (
        SELECT sku, sum(units) AS units, sum(revenue) AS revenue FROM reporting_product_day
        WHERE generation = {SERVING} AND currency = %s AND day >= %s
        GROUP BY sku HAVING sum(units) > 0
        ORDER BY revenue DESC, sku LIMIT %s
    )
    SELECT sold.sku, coalesce(product.name, ''), coalesce(product.category, ''), units, revenue
    FROM sold LEFT JOIN reporting_product product ON product.generation = {SERVING} AND product.sku = sold.sku
    ORDER BY revenue DESC, sold.sku
"""  # noqa: S608
CUSTOMERS = f"""
    WITH best AS (
        SELECT * FROM reporting_customer
        WHERE generation = {SERVING} AND orders > 0
        ORDER BY lifetime_value DESC, customer_id LIMIT %s
    )
    SELECT customer_id, name, email, orders, (
               SELECT count(*) FROM reporting_order_fact bought
               JOIN reporting_return_fact back
                 ON back.generation = bought.generation AND back.order_number = bought.number
               WHERE bought.generation = best.generation AND bought.customer_id = best.customer_id
           ), lifetime_value, last_order_at
    FROM best ORDER BY lifetime_value DESC, customer_id
"""  # noqa: S608
COHORTS = f"""
    SELECT first, month, customers, orders, revenue FROM reporting_cohort_month
    WHERE generation = {SERVING} AND currency = %s AND first >= %s AND customers > 0
    ORDER BY first, month
"""  # noqa: S608
STOCK = f"""
    SELECT sku, sum(shipped) FILTER (WHERE month >= %(first)s), sum(returned) FILTER (WHERE month >= %(first)s),
           coalesce(sum(moved) FILTER (WHERE month < %(first)s), 0), sum(moved)
    FROM reporting_stock_month
    WHERE generation = {SERVING} AND sku IN (
        SELECT sku FROM reporting_stock_month WHERE generation = {SERVING} AND month >= %(first)s
        GROUP BY sku HAVING sum(shipped) > 0 ORDER BY sum(shipped) DESC, sku LIMIT %(limit)s)
    GROUP BY sku ORDER BY 2 DESC, sku
"""  # noqa: S608


class DaySales(NamedTuple):
    day: date
    orders: int
    revenue: Decimal


class TopProduct(NamedTuple):
    sku: str
    name: str
    category: str
    units: int
    revenue: Decimal
    currency: str


class TopCustomer(NamedTuple):
    customer_id: int
    name: str
    email: str
    orders: int
    returns: int
    lifetime_value: Decimal
    last_order_at: datetime


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


def sales_by_day(days: int) -> dict[str, list[DaySales]]:
    """By currency, the last `days` days, today included, oldest first; days without a sale are 0."""
    today = _today()
    first = today - timedelta(days=days - 1)
    known: dict[str, dict[date, DaySales]] = defaultdict(dict, EUR={})
    for currency, day, orders, revenue in execute(SALES, [first, today]):
        known[currency][day] = DaySales(day, orders, revenue)
    every_day = [first + timedelta(days=n) for n in range(days)]
    return {
        currency: [sales.get(day, DaySales(day, 0, ZERO)) for day in every_day]
        for currency, sales in sorted(known.items())
    }


def top_products(days: int, limit: int = 10, currency: str = "EUR") -> list[TopProduct]:
    """By revenue without tax after discounts, in one currency; cancelled and refunded orders left out."""
    first = _today() - timedelta(days=days - 1)
    return [TopProduct(*row, currency) for row in execute(PRODUCTS, [currency, first, limit])]


def top_customers(limit: int = 10) -> list[TopCustomer]:
    """By what they have spent in EUR."""
    return [TopCustomer(*row) for row in execute(CUSTOMERS, [limit])]


def cohorts(months: int = 12, currency: str = "EUR") -> list[Cohort]:
    """Of the customers who came in the last `months` months, this one included."""
    return [Cohort(*row) for row in execute(COHORTS, [currency, _first_month(months)])]


def stock_turnover(months: int = 12, limit: int = 10) -> list[Turnover]:
    """Of the last `months` months, this one included, what was shipped most."""
    rows = execute(STOCK, {"first": _first_month(months), "limit": limit})
    return [Turnover(*row, turnover(row[1], row[3], row[4])) for row in rows]


def turnover(shipped: int, opening: int, closing: int) -> Decimal | None:
    if opening + closing <= 0:
        return None
    return (Decimal(2 * shipped) / (opening + closing)).quantize(Decimal("0.01"))


def _today() -> date:
    return timezone.now().astimezone(UTC).date()


def _first_month(months: int) -> date:
    today = _today()
    year, month = divmod(today.year * 12 + today.month - months, 12)
    return date(year, month + 1, 1)
