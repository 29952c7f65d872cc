from datetime import datetime

from pydantic import BaseModel, ConfigDict

from monolith.money import Amount, Currency
from strangler.messaging import Event


class Line(BaseModel):
    model_config = ConfigDict(frozen=True)

    sku: str
    name: str
    quantity: int
    unit_price: Amount


class ShipTo(BaseModel):
    model_config = ConfigDict(frozen=True)

    recipient: str
    street: str
    postal_code: str
    city: str
    country: str


class OrderPlaced(Event, type="orders.order_placed", version=1, aggregate="order", key="order_number"):
    """A customer has bought something: stock is taken and payment captured in the same transaction."""

    order_number: str
    customer_id: int
    customer_name: str
    customer_email: str
    lines: tuple[Line, ...]
    total: Amount
    currency: Currency
    ship_to: ShipTo
    placed_at: datetime


class OrderCancelled(Event, type="orders.order_cancelled", version=1, aggregate="order", key="order_number"):
    """An order will not be fulfilled; its goods are back in stock and its payment is refunded."""

    order_number: str
    customer_id: int
    customer_name: str
    customer_email: str
    lines: tuple[Line, ...]
    total: Amount
    currency: Currency
    reason: str
    cancelled_at: datetime
