from decimal import Decimal

from strangler.messaging import Event


class OrderPlaced(Event, type="bench.order_placed", version=1, aggregate="order", key="number"):
    number: str
    customer: str
    total: Decimal
    skus: list[str]


class StockMoved(Event, type="bench.stock_moved", version=1, aggregate="stock", key="sku"):
    sku: str
    quantity: int
    reason: str


class Moved(Event, type="bench.moved", aggregate="account", key="account", kind="domain"):
    """Of a stream."""

    account: str
    amount: int
    reason: str
