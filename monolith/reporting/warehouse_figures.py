"""The two figures that SQL says better than the ORM."""

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from monolith.inventory.selectors import places

STOCK_VALUE = """
    SELECT stock.warehouse, price.currency, sum(stock.on_hand), sum(stock.on_hand * price.amount)
    FROM ({stock}) AS stock (warehouse, sku, on_hand)
    JOIN catalog_variant variant ON variant.sku = stock.sku
    JOIN (
        SELECT DISTINCT ON (variant_id) variant_id, amount, currency
        FROM catalog_price WHERE valid_from <= now() ORDER BY variant_id, valid_from DESC
    ) price ON price.variant_id = variant.id
    GROUP BY stock.warehouse, price.currency
    ORDER BY stock.warehouse, price.currency
"""

DELIVERY_TIMES = """
    SELECT shipment.warehouse, shipment.method, count(*),
           percentile_cont(0.5) WITHIN GROUP (ORDER BY shipment.delivered_at - orders.placed_at),
           percentile_cont(0.9) WITHIN GROUP (ORDER BY shipment.delivered_at - orders.placed_at)
    FROM shipping_shipment shipment
    JOIN orders_order orders ON orders.id = shipment.order_id
    WHERE shipment.delivered_at >= %s
    GROUP BY shipment.warehouse, shipment.method
    ORDER BY shipment.warehouse, shipment.method
"""


class StockValue(NamedTuple):
    warehouse: str
    currency: str
    units: int
    value: Decimal


class DeliveryTime(NamedTuple):
    """From the order to the door, of half the parcels and of nine in ten."""

    warehouse: str
    method: str
    parcels: int
    median_hours: float
    p90_hours: float


def stock_value() -> list[StockValue]:
    """What lies on the shelves, at today's selling prices without tax; what has no price is left out."""
    on_hand = places().order_by().values_list("warehouse__code", "sku", "on_hand")
    stock, parameters = on_hand.query.sql_with_params()
    return [StockValue(*row) for row in _rows(STOCK_VALUE.format(stock=stock), *parameters)]


def delivery_times_since(moment: datetime) -> list[DeliveryTime]:
    return [
        DeliveryTime(warehouse, method, parcels, _hours(median), _hours(p90))
        for warehouse, method, parcels, median, p90 in _rows(DELIVERY_TIMES, moment)
    ]


def _hours(time: Any) -> float:
    return round(time.total_seconds() / 3600, 1)


def _rows(query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchall()
