"""What the shop tells, as far as an e-mail about it needs: a tolerant reader of events that others own.

Everything an e-mail says is in the event (event-carried state transfer), so nobody is asked anything at send time.
"""

from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel

from strangler.messaging import Event


class Line(BaseModel):
    sku: str
    name: str
    quantity: int
    unit_price: Decimal


class ShipTo(BaseModel):
    recipient: str
    street: str
    postal_code: str
    city: str
    country: str


class AboutAnOrder(Event):
    """Whom to tell, and about which order."""

    order_number: str
    customer_email: str
    customer_name: str
    currency: str


class OrderPlaced(AboutAnOrder, type="orders.order_placed", version=1, aggregate="order", key="order_number"):
    lines: tuple[Line, ...]
    total: Decimal
    ship_to: ShipTo


class OrderCancelled(AboutAnOrder, type="orders.order_cancelled", version=1, aggregate="order", key="order_number"):
    total: Decimal
    reason: str


class PaymentCaptured(
    AboutAnOrder, type="payments.payment_captured", version=1, aggregate="payment", key="order_number"
):
    amount: Decimal
    captured_at: datetime


class PaymentRefunded(
    AboutAnOrder, type="payments.payment_refunded", version=1, aggregate="payment", key="order_number"
):
    amount: Decimal
    refunded_total: Decimal
