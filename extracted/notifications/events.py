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


class Parcel(BaseModel):
    sku: str
    name: str
    quantity: int


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


class OrderPlaced(AboutAnOrder, type="orders.order_placed", version=1, aggregate="order", key="order_number"):
    lines: tuple[Line, ...]
    total: Decimal
    currency: str
    ship_to: ShipTo


class OrderAwaitsPayment(
    AboutAnOrder, type="orders.order_awaits_payment", version=1, aggregate="order", key="order_number"
):
    total: Decimal
    currency: str
    retried_until: datetime


class OrderRejected(AboutAnOrder, type="orders.order_rejected", version=1, aggregate="order", key="order_number"):
    lines: tuple[Line, ...]
    total: Decimal
    currency: str
    reason: str


class OrderCancelled(AboutAnOrder, type="orders.order_cancelled", version=1, aggregate="order", key="order_number"):
    total: Decimal
    currency: str
    reason: str


class PaymentCaptured(
    AboutAnOrder, type="payments.payment_captured", version=1, aggregate="payment", key="order_number"
):
    amount: Decimal
    currency: str
    captured_at: datetime


class PaymentRefunded(
    AboutAnOrder, type="payments.payment_refunded", version=1, aggregate="payment", key="order_number"
):
    amount: Decimal
    currency: str
    refunded_total: Decimal


class ShipmentDispatched(
    AboutAnOrder, type="shipping.shipment_dispatched", version=1, aggregate="shipment", key="order_number"
):
    lines: tuple[Parcel, ...]
    carrier: str
    tracking_number: str


class ReturnReceived(AboutAnOrder, type="shipping.return_received", version=1, aggregate="return", key="order_number"):
    return_number: str
    lines: tuple[Parcel, ...]
    refunded: Decimal
    currency: str
