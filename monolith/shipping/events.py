from datetime import datetime

from pydantic import BaseModel, ConfigDict

from monolith.money import Amount, Currency
from strangler.messaging import Event


class Parcel(BaseModel):
    model_config = ConfigDict(frozen=True)

    sku: str
    name: str
    quantity: int


class ShipmentEvent(Event):
    """What every event about a parcel tells. All are keyed by the order, so that its parcels stay in order."""

    order_number: str
    shipment_number: str
    customer_email: str
    customer_name: str
    warehouse: str
    lines: tuple[Parcel, ...]


class ShipmentPacked(
    ShipmentEvent, type="shipping.shipment_packed", version=1, aggregate="shipment", key="order_number"
):
    """Goods have left the shelf and wait for the carrier."""

    packed_at: datetime


class ShipmentDispatched(
    ShipmentEvent, type="shipping.shipment_dispatched", version=1, aggregate="shipment", key="order_number"
):
    """The carrier has the parcel."""

    carrier: str
    tracking_number: str
    dispatched_at: datetime


class ShipmentDelivered(
    ShipmentEvent, type="shipping.shipment_delivered", version=1, aggregate="shipment", key="order_number"
):
    """The customer has the parcel."""

    delivered_at: datetime


class ShipmentLost(ShipmentEvent, type="shipping.shipment_lost", version=1, aggregate="shipment", key="order_number"):
    """The carrier can't find the parcel; the customer gets the money back."""

    carrier: str
    tracking_number: str


class ReturnEvent(Event):
    order_number: str
    return_number: str
    customer_email: str
    customer_name: str
    lines: tuple[Parcel, ...]


class ReturnRequested(ReturnEvent, type="shipping.return_requested", version=1, aggregate="return", key="order_number"):
    """A customer wants to send goods back."""

    reason: str
    requested_at: datetime


class ReturnReceived(ReturnEvent, type="shipping.return_received", version=1, aggregate="return", key="order_number"):
    """Goods came back: they are in stock again and `refunded` goes to the customer."""

    refunded: Amount
    currency: Currency
    received_at: datetime


class ReturnRejected(ReturnEvent, type="shipping.return_rejected", version=1, aggregate="return", key="order_number"):
    """What came back is not taken back."""

    reason: str
    rejected_at: datetime
