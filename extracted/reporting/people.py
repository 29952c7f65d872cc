"""Customers and products: what they are called now, and what a customer has bought."""

from collections.abc import Sequence
from datetime import datetime

from extracted.reporting.events import AboutACustomer, AboutAProduct
from extracted.reporting.sql import execute

NAME_CUSTOMER = """
    INSERT INTO reporting_customer AS kept
        (generation, customer_id, name, email, told_at, orders, lifetime_value, last_order_at)
    VALUES (%s, %s, %s, %s, %s, 0, 0, NULL)
    ON CONFLICT (generation, customer_id) DO UPDATE
    SET name = excluded.name, email = excluded.email, told_at = excluded.told_at
    WHERE kept.told_at IS NULL OR kept.told_at <= excluded.told_at
"""
NAME_PRODUCT = """
    INSERT INTO reporting_product AS kept (generation, sku, name, category, told_at) VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (generation, sku) DO UPDATE
    SET name = excluded.name, category = excluded.category, told_at = excluded.told_at
    WHERE kept.told_at <= excluded.told_at
"""
COUNT_CUSTOMERS = """
    INSERT INTO reporting_customer AS kept
        (generation, customer_id, name, email, told_at, orders, lifetime_value, last_order_at)
    SELECT generation, customer_id, '', '', NULL, count(*) FILTER (WHERE NOT cancelled),
           coalesce(sum(total) FILTER (WHERE NOT cancelled AND NOT refunded AND currency = 'EUR'), 0),
           max(placed_at) FILTER (WHERE NOT cancelled)
    FROM reporting_order_fact
    WHERE generation = %s AND customer_id = ANY(%s) AND placed_at IS NOT NULL
    GROUP BY generation, customer_id
    ON CONFLICT (generation, customer_id) DO UPDATE
    SET orders = excluded.orders, lifetime_value = excluded.lifetime_value, last_order_at = excluded.last_order_at
    WHERE (kept.orders, kept.lifetime_value, kept.last_order_at)
          IS DISTINCT FROM (excluded.orders, excluded.lifetime_value, excluded.last_order_at)
"""


def name_customer(generation: int, told: AboutACustomer, told_at: datetime) -> None:
    """The latest word holds, whenever it comes. `told_at` is the clock of whoever published."""
    execute(NAME_CUSTOMER, [generation, told.customer_id, told.name, told.email, told_at])


def name_product(generation: int, told: AboutAProduct, told_at: datetime) -> None:
    names = told.product_name or told.name, told.category_name or told.category
    execute(NAME_PRODUCT, [generation, told.sku, *names, told_at])


def count_customers(generation: int, customers: Sequence[int]) -> None:
    """Anew from their orders, which are few: the latest order of somebody can't be found by adding and subtracting."""
    execute(COUNT_CUSTOMERS, [generation, list(customers)])
