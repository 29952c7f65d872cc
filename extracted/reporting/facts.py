"""Facts into their tables: each by its own identity, so it may come twice, late, and before what it follows from."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Literal, NamedTuple

from extracted.reporting.events import AboutAnOrder, Line, OrderPlaced, ReturnReceived
from extracted.reporting.sql import columns, execute

PLACE = """
    INSERT INTO reporting_order_fact AS fact
        (generation, number, customer_id, placed_at, day, currency, total, cancelled, refunded)
    SELECT %s, told.number, told.customer_id, told.placed_at, (told.placed_at AT TIME ZONE 'UTC')::date,
           told.currency, told.total, false, false
    FROM unnest(%s::text[], %s::bigint[], %s::timestamptz[], %s::text[], %s::numeric[])
         AS told(number, customer_id, placed_at, currency, total)
    ON CONFLICT (generation, number) DO UPDATE
    SET customer_id = excluded.customer_id, placed_at = excluded.placed_at, day = excluded.day,
        currency = excluded.currency, total = excluded.total
    WHERE (fact.customer_id, fact.placed_at, fact.currency, fact.total)
          IS DISTINCT FROM (excluded.customer_id, excluded.placed_at, excluded.currency, excluded.total)
"""
FORGET_OTHER_LINES = """
    DELETE FROM reporting_line_fact line
    WHERE generation = %s AND number = ANY(%s)
      AND NOT EXISTS (SELECT 1 FROM unnest(%s::text[], %s::text[]) AS told(number, sku)
                      WHERE (told.number, told.sku) = (line.number, line.sku))
"""
LINES = """
    INSERT INTO reporting_line_fact AS fact (generation, number, sku, quantity, revenue)
    SELECT %s, told.* FROM unnest(%s::text[], %s::text[], %s::int[], %s::numeric[])
         AS told(number, sku, quantity, revenue)
    ON CONFLICT (generation, number, sku) DO UPDATE SET quantity = excluded.quantity, revenue = excluded.revenue
    WHERE (fact.quantity, fact.revenue) IS DISTINCT FROM (excluded.quantity, excluded.revenue)
"""
MARK = """
    INSERT INTO reporting_order_fact AS fact (generation, number, customer_id, currency, cancelled, refunded)
    SELECT %s, told.number, told.customer_id, '', {cancelled}, {refunded}
    FROM unnest(%s::text[], %s::bigint[]) AS told(number, customer_id)
    ON CONFLICT (generation, number) DO UPDATE SET {mark} = true WHERE NOT fact.{mark}
"""
RETURNS = """
    INSERT INTO reporting_return_fact (generation, number, order_number)
    SELECT %s, told.* FROM unnest(%s::text[], %s::text[]) AS told(number, order_number)
    ON CONFLICT DO NOTHING
"""
MOVEMENTS = """
    WITH fresh AS (
        INSERT INTO reporting_movement_fact (generation, movement, sku, month, reason, quantity)
        SELECT %s, told.movement, told.sku, date_trunc('month', told.moved_at, 'UTC')::date, told.reason, told.quantity
        FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::text[], %s::int[])
             AS told(movement, sku, moved_at, reason, quantity)
        ON CONFLICT DO NOTHING
        RETURNING generation, sku, month, reason, quantity
    )
    INSERT INTO reporting_stock_month AS kept (generation, sku, month, moved, shipped, returned)
    SELECT generation, sku, month, sum(quantity),
           coalesce(-sum(quantity) FILTER (WHERE reason = 'shipped'), 0),
           coalesce(sum(quantity) FILTER (WHERE reason = 'returned'), 0)
    FROM fresh GROUP BY generation, sku, month
    ON CONFLICT (generation, sku, month) DO UPDATE
    SET moved = kept.moved + excluded.moved, shipped = kept.shipped + excluded.shipped,
        returned = kept.returned + excluded.returned
"""


class Movement(NamedTuple):
    """`quantity` is what it added to the stock."""

    movement: int
    sku: str
    moved_at: object
    reason: str
    quantity: int


def place(generation: int, placed: Sequence[OrderPlaced]) -> None:
    """What is told last of an order holds, its lines included: so a copy that is wrong is mended by telling again."""
    orders = {event.order_number: event for event in placed}
    rows = ((e.order_number, e.customer_id, e.placed_at, e.currency, e.total) for e in orders.values())
    execute(PLACE, [generation, *columns(rows, 5)])
    lines = columns(_lines(orders), 4)
    execute(FORGET_OTHER_LINES, [generation, list(orders), lines[0], lines[1]])
    execute(LINES, [generation, *lines])


def mark(generation: int, what: Literal["cancelled", "refunded"], told: Sequence[AboutAnOrder]) -> None:
    statement = MARK.format(mark=what, cancelled=what == "cancelled", refunded=what == "refunded")
    orders = {event.order_number: event.customer_id for event in told}
    execute(statement, [generation, *columns(orders.items(), 2)])


def take_back(generation: int, received: Sequence[ReturnReceived]) -> None:
    execute(RETURNS, [generation, *columns({(e.return_number, e.order_number) for e in received}, 2)])


def move(generation: int, movements: Sequence[Movement]) -> None:
    """The months' sums follow in the same statement: an entry that is there already adds nothing."""
    execute(MOVEMENTS, [generation, *columns({each.movement: each for each in movements}.values(), 5)])


def _lines(orders: Mapping[str, OrderPlaced]) -> list[tuple[str, str, int, Decimal]]:
    """One for each SKU of an order."""
    return [(number, sku, *_sums(lines)) for number, e in orders.items() for sku, lines in _by_sku(e.lines).items()]


def _by_sku(lines: Iterable[Line]) -> Mapping[str, list[Line]]:
    found: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        found[line.sku].append(line)
    return found


def _sums(lines: Sequence[Line]) -> tuple[int, Decimal]:
    revenue = sum((line.unit_price * line.quantity - line.discount for line in lines), Decimal(0))
    return sum(line.quantity for line in lines), revenue
