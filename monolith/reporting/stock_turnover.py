"""How fast the stock turns, counted from every movement in its ledger."""

from decimal import Decimal
from typing import NamedTuple

from monolith.reporting.history_figures import first_month, rows

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


class Turnover(NamedTuple):
    """Units of a SKU in all warehouses. `turnover`: how often the average stock was shipped; None without stock."""

    sku: str
    shipped: int
    returned: int
    opening: int
    closing: int
    turnover: Decimal | None


def stock_turnover(months: int = 12, limit: int = 10) -> list[Turnover]:
    """Of the last `months` months, this one included, what was shipped most."""
    found = rows(STOCK_TURNOVER, first=first_month(months), limit=limit)
    return [Turnover(*row, _turnover(row[1], row[3], row[4])) for row in found]


def _turnover(shipped: int, opening: int, closing: int) -> Decimal | None:
    if opening + closing <= 0:
        return None
    return (Decimal(2 * shipped) / (opening + closing)).quantize(Decimal("0.01"))
