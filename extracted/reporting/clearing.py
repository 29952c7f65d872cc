"""Deletes the rows of a retired generation, so many in one transaction that nobody waits for it."""

from extracted.reporting.sql import execute

TABLES = (
    *("reporting_order_fact", "reporting_line_fact", "reporting_return_fact", "reporting_movement_fact"),
    *("reporting_sales_day", "reporting_product_day", "reporting_cohort_month", "reporting_stock_month"),
    *("reporting_customer", "reporting_product"),
)
BATCH = 10_000
DELETE = """
    WITH gone AS (
        DELETE FROM {table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {table} WHERE generation = %s LIMIT %s))
        RETURNING 1
    ) SELECT count(*) FROM gone
"""


def clear(generation: int, *, batch: int = BATCH) -> int:
    """Returns how many. Outside a transaction, or the batches are none."""
    return sum(_clear(table, generation, batch) for table in TABLES)


def _clear(table: str, generation: int, batch: int) -> int:
    total = 0
    while (count := execute(DELETE.format(table=table), [generation, batch])[0][0]) > 0:
        total += count
    return total
