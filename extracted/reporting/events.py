"""What the shop tells, as far as a figure depends on it: a tolerant reader of events that others own."""

from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel

from strangler.messaging import Event


class Line(BaseModel):
    sku: str
    quantity: int
    unit_price: Decimal
    discount: Decimal


class AboutAnOrder(Event):
    order_number: str
    customer_id: int


class OrderPlaced(AboutAnOrder, type="orders.order_placed", version=1, aggregate="order", key="order_number"):
    lines: tuple[Line, ...]
    total: Decimal
    currency: str
    placed_at: datetime


class OrderCancelled(AboutAnOrder, type="orders.order_cancelled", version=1, aggregate="order", key="order_number"):
    pass


class OrderRefunded(AboutAnOrder, type="orders.order_refunded", version=1, aggregate="order", key="order_number"):
    pass


class ReturnReceived(Event, type="shipping.return_received", version=1, aggregate="return", key="order_number"):
    order_number: str
    return_number: str


class AboutAProduct(Event):
    """The names are optional: messages from before they were told say nothing of them."""

    sku: str
    name: str
    category: str
    product_name: str = ""
    category_name: str = ""


class ProductPublished(AboutAProduct, type="catalog.product_published", version=1, aggregate="product", key="sku"):
    pass


class ProductChanged(AboutAProduct, type="catalog.product_changed", version=1, aggregate="product", key="sku"):
    pass


class AboutACustomer(Event):
    customer_id: int
    email: str
    name: str


class CustomerRegistered(
    AboutACustomer, type="customers.customer_registered", version=1, aggregate="customer", key="customer_id"
):
    pass


class CustomerChanged(
    AboutACustomer, type="customers.customer_changed", version=1, aggregate="customer", key="customer_id"
):
    pass


class StockMoved(Event):
    """`movement` is optional: of messages from before it was told, the backfill of the stock ledger tells again."""

    sku: str
    quantity: int
    movement: int | None = None
    moved_at: datetime | None = None


class StockShipped(StockMoved, type="inventory.stock_shipped", version=1, aggregate="stock_item", key="sku"):
    pass


class StockReturned(StockMoved, type="inventory.stock_returned", version=1, aggregate="stock_item", key="sku"):
    pass


class StockAdjusted(StockMoved, type="inventory.stock_adjusted", version=1, aggregate="stock_item", key="sku"):
    pass


class StockDispatched(StockMoved, type="inventory.stock_dispatched", version=1, aggregate="stock_item", key="sku"):
    pass


class StockReceived(StockMoved, type="inventory.stock_received", version=1, aggregate="stock_item", key="sku"):
    pass
