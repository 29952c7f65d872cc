"""Is a generation what it should be? Its figures are counted anew from its facts, its facts held against another's."""

from collections.abc import Iterator

from django.db import transaction

from extracted.reporting.figures import SUMMARIES, Summary
from extracted.reporting.generations import hold
from extracted.reporting.sql import execute

CUSTOMERS = """
    WITH counted AS (
        SELECT customer_id, count(*) FILTER (WHERE NOT cancelled) AS orders,
               coalesce(sum(total) FILTER (WHERE NOT cancelled AND NOT refunded AND currency = 'EUR'), 0) AS value,
               max(placed_at) FILTER (WHERE NOT cancelled) AS last
        FROM reporting_order_fact WHERE generation = %(generation)s AND placed_at IS NOT NULL GROUP BY customer_id
    ), kept AS (SELECT * FROM reporting_customer WHERE generation = %(generation)s)
    SELECT customer_id FROM counted FULL JOIN kept USING (customer_id)
    WHERE (coalesce(counted.orders, 0), coalesce(counted.value, 0), counted.last)
          IS DISTINCT FROM (coalesce(kept.orders, 0), coalesce(kept.lifetime_value, 0), kept.last_order_at)
"""
STOCK = """
    WITH counted AS (
        SELECT sku, month, sum(quantity) AS moved,
               coalesce(-sum(quantity) FILTER (WHERE reason = 'shipped'), 0) AS shipped,
               coalesce(sum(quantity) FILTER (WHERE reason = 'returned'), 0) AS returned
        FROM reporting_movement_fact WHERE generation = %(generation)s GROUP BY sku, month
    ), kept AS (SELECT * FROM reporting_stock_month WHERE generation = %(generation)s)
    SELECT sku, month FROM counted FULL JOIN kept USING (sku, month)
    WHERE (counted.moved, counted.shipped, counted.returned)
          IS DISTINCT FROM (kept.moved, kept.shipped, kept.returned)
"""
# A fact that is there and says at least as much: what happened later may be known to the newer one alone.
LACKING = """
    SELECT 'order ' || number FROM reporting_order_fact old WHERE generation = %(than)s AND NOT EXISTS (
        SELECT 1 FROM reporting_order_fact new WHERE generation = %(generation)s AND new.number = old.number
          AND (new.cancelled OR NOT old.cancelled) AND (new.refunded OR NOT old.refunded)
          AND (old.placed_at IS NULL OR (new.placed_at, new.total, new.currency, new.customer_id)
               IS NOT DISTINCT FROM (old.placed_at, old.total, old.currency, old.customer_id)))
    UNION ALL
    SELECT 'return ' || number FROM reporting_return_fact old WHERE generation = %(than)s AND NOT EXISTS (
        SELECT 1 FROM reporting_return_fact new WHERE generation = %(generation)s AND new.number = old.number)
    UNION ALL
    SELECT 'stock movement ' || movement FROM reporting_movement_fact old WHERE generation = %(than)s AND NOT EXISTS (
        SELECT 1 FROM reporting_movement_fact new WHERE generation = %(generation)s AND new.movement = old.movement)
    UNION ALL
    SELECT 'customer ' || customer_id FROM reporting_customer old
    WHERE generation = %(than)s AND told_at IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM reporting_customer new WHERE generation = %(generation)s
          AND new.customer_id = old.customer_id AND new.told_at >= old.told_at)
    UNION ALL
    SELECT 'product ' || sku FROM reporting_product old WHERE generation = %(than)s AND NOT EXISTS (
        SELECT 1 FROM reporting_product new WHERE generation = %(generation)s
          AND new.sku = old.sku AND new.told_at >= old.told_at)
"""


@transaction.atomic
def wrong_figures(generation: int) -> list[str]:
    """The figures that are not what the generation's own facts come to.

    Reads all of them, seconds for millions, and lets nobody write meanwhile: facts and figures must be of one moment.
    """
    hold(generation)
    wrong = [f"{summary.table} {_shown(key)}" for summary in SUMMARIES for key in _wrong(generation, summary)]
    wrong += [f"reporting_customer {row[0]}" for row in execute(CUSTOMERS, {"generation": generation})]
    return wrong + [f"reporting_stock_month {_shown(row)}" for row in execute(STOCK, {"generation": generation})]


def lacking(generation: int, *, than: int) -> list[str]:
    """What the generation `than` knows and this one does not. That this one knows more is no fault of it."""
    return sorted(row[0] for row in execute(LACKING, {"generation": generation, "than": than}))


def _wrong(generation: int, summary: Summary) -> Iterator[tuple[object, ...]]:
    kept, counted = summary.kept(generation), summary.of_all(generation)
    nothing = (0,) * len(summary.values)
    for key in sorted(kept.keys() | counted.keys()):
        if kept.get(key, nothing) != counted.get(key, nothing):
            yield key


def _shown(key: tuple[object, ...]) -> str:
    return " ".join(str(part) for part in key)
