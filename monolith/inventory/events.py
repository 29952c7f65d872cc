from datetime import datetime

from strangler.messaging import Event


class StockLevel(Event):
    """What every event about stock tells: the levels in that warehouse afterwards.

    All are keyed by SKU, so a copy of the levels only ever moves on, never back in time. Available are
    `on_hand - reserved`.
    """

    sku: str
    warehouse: str
    quantity: int
    on_hand: int
    reserved: int


class StockMoved(StockLevel):
    """What every change of `on_hand` tells besides: its entry in the stock ledger, by which one knows it again."""

    movement: int
    moved_at: datetime


class StockReserved(StockLevel, type="inventory.stock_reserved", version=1, aggregate="stock_item", key="sku"):
    """Units are promised: to the order `reference`, or until `expires_at` to a cart."""

    reference: str
    expires_at: datetime | None


class StockReleased(StockLevel, type="inventory.stock_released", version=1, aggregate="stock_item", key="sku"):
    """A promise ended without a delivery, by cancellation or because it expired. Others can have the units."""

    reference: str
    expired: bool


class StockShipped(StockMoved, type="inventory.stock_shipped", version=1, aggregate="stock_item", key="sku"):
    """Promised units have left the warehouse."""

    reference: str


class StockReturned(StockMoved, type="inventory.stock_returned", version=1, aggregate="stock_item", key="sku"):
    """Units a customer sent back are on the shelf again."""

    reference: str


class StockAdjusted(StockMoved, type="inventory.stock_adjusted", version=1, aggregate="stock_item", key="sku"):
    """Somebody counted, received or wrote off units: `quantity` is the difference. Without it a copy would drift."""

    reason: str


class StockDispatched(StockMoved, type="inventory.stock_dispatched", version=1, aggregate="stock_item", key="sku"):
    """Units are on their way to another warehouse and count in neither."""

    transfer: str
    destination: str


class StockReceived(StockMoved, type="inventory.stock_received", version=1, aggregate="stock_item", key="sku"):
    """Units of a transfer have arrived."""

    transfer: str
    source: str
