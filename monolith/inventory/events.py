from strangler.messaging import Event


class StockTaken(Event, type="inventory.stock_taken", version=1, aggregate="stock_item", key="sku"):
    """Units left the shelf for an order. Keyed by sku, so `on_hand` only ever moves on, never back in time."""

    sku: str
    quantity: int
    on_hand: int
    order_number: str


class StockReturned(Event, type="inventory.stock_returned", version=1, aggregate="stock_item", key="sku"):
    """Units of a cancelled order are back on the shelf."""

    sku: str
    quantity: int
    on_hand: int
    order_number: str


class StockAdjusted(Event, type="inventory.stock_adjusted", version=1, aggregate="stock_item", key="sku"):
    """Somebody counted, received or wrote off units. Without it a copy of the stock would drift."""

    sku: str
    by: int
    on_hand: int
    reason: str
