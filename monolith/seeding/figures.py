"""The figures that the reporting signal would have kept: of the customers who bought, and of the days they did."""

from collections.abc import Sequence

from django.db import connection

from monolith.customers.models import Customer
from monolith.seeding.sales import Sale
from monolith.seeding.tables import lock

COUNT_CUSTOMERS = """
    UPDATE customers_customer customer
    SET order_count = figures.orders, lifetime_value = figures.value, last_order_at = figures.last
    FROM (
        SELECT customer_id,
               count(*) FILTER (WHERE status NOT IN ('pending', 'cancelled')) AS orders,
               coalesce(sum(total) FILTER (
                   WHERE status NOT IN ('pending', 'cancelled', 'refunded') AND currency = 'EUR'), 0) AS value,
               max(placed_at) FILTER (WHERE status NOT IN ('pending', 'cancelled')) AS last
        FROM orders_order WHERE customer_id = ANY(%s) GROUP BY customer_id
    ) figures
    WHERE customer.id = figures.customer_id
"""
COUNT_DAYS = """
    INSERT INTO reporting_dailysales (day, currency, orders, revenue)
    SELECT (placed_at AT TIME ZONE 'UTC')::date, currency,
           count(*) FILTER (WHERE status NOT IN ('pending', 'cancelled')),
           coalesce(sum(total) FILTER (WHERE status NOT IN ('pending', 'cancelled', 'refunded')), 0)
    FROM orders_order
    WHERE placed_at >= date_trunc('day', %s::timestamptz, 'UTC')
      AND placed_at < date_trunc('day', %s::timestamptz, 'UTC') + interval '24 hours'
    GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (day, currency) DO UPDATE SET orders = excluded.orders, revenue = excluded.revenue
"""


def count_figures(sales: Sequence[Sale]) -> None:
    """Counted anew from all orders. Customers are locked first, as the signal does, so no order slips through."""
    ids = sorted({sale.buyer.id for sale in sales})
    lock(Customer, ids, order_by="id")
    with connection.cursor() as cursor:
        cursor.execute(COUNT_CUSTOMERS, [ids])
        cursor.execute(COUNT_DAYS, [sales[0].placed_at, sales[-1].placed_at])
