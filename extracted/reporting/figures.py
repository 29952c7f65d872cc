"""The figures follow the facts: what the touched orders were worth before is taken out, what they are now is put in.

Only figures of the touched orders are read and written, whatever the number of the others, and an event that changes
no fact writes nothing. Sums are PostgreSQL's numeric and Python's Decimal: exact.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from extracted.reporting.sql import columns, execute

Contributions = dict[tuple[Any, ...], tuple[Any, ...]]

DAYS = """
    SELECT day, currency, count(*) FILTER (WHERE NOT cancelled),
           coalesce(sum(total) FILTER (WHERE NOT cancelled AND NOT refunded), 0)
    FROM reporting_order_fact
    WHERE generation = %(generation)s AND placed_at IS NOT NULL AND {touched}
    GROUP BY day, currency
"""
PRODUCTS = """
    SELECT day, currency, sku, sum(quantity), sum(revenue)
    FROM reporting_order_fact JOIN reporting_line_fact USING (generation, number)
    WHERE generation = %(generation)s AND placed_at IS NOT NULL AND NOT cancelled AND NOT refunded AND {touched}
    GROUP BY day, currency, sku
"""
COHORTS = """
    WITH months AS (
        SELECT customer_id, currency, date_trunc('month', day)::date AS month, count(*) AS orders,
               coalesce(sum(total) FILTER (WHERE NOT refunded), 0) AS revenue
        FROM reporting_order_fact
        WHERE generation = %(generation)s AND placed_at IS NOT NULL AND NOT cancelled AND {touched}
        GROUP BY customer_id, currency, date_trunc('month', day)
    ), since AS (SELECT *, min(month) OVER (PARTITION BY customer_id, currency) AS first FROM months)
    SELECT first, month, currency, count(*), sum(orders)::bigint, sum(revenue) FROM since
    GROUP BY first, month, currency
"""
ORDERS, CUSTOMERS = "number = ANY(%(orders)s)", "customer_id = ANY(%(customers)s)"


@dataclass(frozen=True)
class Summary:
    """`contributions`: what the orders in `touched` are worth, by `keys`. Columns are given with their SQL types."""

    table: str
    keys: Mapping[str, str]
    values: Mapping[str, str]
    contributions: str
    touched: str

    def of(self, generation: int, orders: Sequence[str], customers: Sequence[int]) -> Contributions:
        return self._sums(self.touched, generation=generation, orders=list(orders), customers=list(customers))

    def of_all(self, generation: int) -> Contributions:
        """What all facts together come to: what should be in the table."""
        return self._sums("true", generation=generation)

    def kept(self, generation: int) -> Contributions:
        """What is in the table."""
        names = ", ".join([*self.keys, *self.values])
        statement = f"SELECT {names} FROM {self.table} WHERE generation = %s"  # noqa: S608  (constants)
        return self._by_key(execute(statement, [generation]))

    def add(self, generation: int, changes: Contributions) -> None:
        if changes:
            rows = sorted((*key, *values) for key, values in changes.items())
            execute(self._upsert(), [generation, *columns(rows, len(self.keys) + len(self.values))])

    def _sums(self, touched: str, **parameters: Any) -> Contributions:
        return self._by_key(execute(self.contributions.format(touched=touched), parameters))

    def _by_key(self, rows: Sequence[tuple[Any, ...]]) -> Contributions:
        count = len(self.keys)
        return {row[:count]: row[count:] for row in rows}

    def _upsert(self) -> str:
        keys, both = ", ".join(self.keys), {**self.keys, **self.values}
        arrays = ", ".join(f"%s::{kind}[]" for kind in both.values())
        sums = ", ".join(f"{name} = kept.{name} + excluded.{name}" for name in self.values)
        return (
            f"INSERT INTO {self.table} AS kept (generation, {', '.join(both)}) "  # noqa: S608  (constants)
            f"SELECT %s, told.* FROM unnest({arrays}) AS told ON CONFLICT (generation, {keys}) DO UPDATE SET {sums}"
        )


MONEY = "numeric"
SUMMARIES = (
    Summary(
        "reporting_sales_day",
        {"day": "date", "currency": "text"},
        {"orders": "int", "revenue": MONEY},
        DAYS,
        ORDERS,
    ),
    Summary(
        "reporting_product_day",
        {"day": "date", "currency": "text", "sku": "text"},
        {"units": "int", "revenue": MONEY},
        PRODUCTS,
        ORDERS,
    ),
    Summary(
        "reporting_cohort_month",
        {"first": "date", "month": "date", "currency": "text"},
        {"customers": "int", "orders": "int", "revenue": MONEY},
        COHORTS,
        CUSTOMERS,
    ),
)


@contextmanager
def following(generation: int, orders: Sequence[str], customers: Sequence[int]) -> Iterator[None]:
    """Whatever the block does to the facts of these orders, of these customers."""
    before = [summary.of(generation, orders, customers) for summary in SUMMARIES]
    yield
    for summary, were in zip(SUMMARIES, before, strict=True):
        summary.add(generation, _difference(were, summary.of(generation, orders, customers)))


def _difference(before: Contributions, after: Contributions) -> Contributions:
    """A key that is new is told even where it is worth nothing: a day of cancelled orders is a day."""
    changes: Contributions = {}
    for key in before.keys() | after.keys():
        nothing = (0,) * len(before.get(key) or after[key])
        old, new = before.get(key, nothing), after.get(key, nothing)
        if key not in before or old != new:
            changes[key] = tuple(now - then for now, then in zip(new, old, strict=True))
    return changes
