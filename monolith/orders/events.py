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
    discount: Amount
    tax: Amount


class ShipTo(BaseModel):
    model_config = ConfigDict(frozen=True)

    recipient: str
    street: str
    postal_code: str
    city: str
    country: str


class OrderEvent(Event):
    """What every event about an order tells, so that no reader has to come back and ask."""

    order_number: str
    customer_id: int
    customer_name: str
    customer_email: str
    total: Amount
    currency: Currency


class OrderPlaced(OrderEvent, type="orders.order_placed", version=1, aggregate="order", key="order_number"):
    """A customer has bought something: stock is reserved and the payment authorised."""

    lines: tuple[Line, ...]
    subtotal: Amount
    discount: Amount
    shipping_cost: Amount
    tax: Amount
    promotion_code: str
    shipping_method: str
    ship_to: ShipTo
    placed_at: datetime


class OrderRequested(OrderEvent, type="orders.order_requested", version=1, aggregate="order", key="order_number"):
    """A customer wants to buy something, and it takes a while to find out whether she can: the order is pending.

    What can be placed at once is told by OrderPlaced alone.
    """

    requested_at: datetime


class OrderAwaitsPayment(
    OrderEvent, type="orders.order_awaits_payment", version=1, aggregate="order", key="order_number"
):
    """A pending order has its goods, but the bank does not answer. It is tried again until `retried_until`."""

    retried_until: datetime
    deferred_at: datetime


class OrderRejected(OrderEvent, type="orders.order_rejected", version=1, aggregate="order", key="order_number"):
    """A pending order could not be placed: nothing is reserved for it, and nothing is paid.

    `code` is that of the problem which a checkout answers that is refused at once, `reason` a text for the customer.
    """

    lines: tuple[Line, ...]
    code: str
    reason: str
    rejected_at: datetime


class OrderCancelled(OrderEvent, type="orders.order_cancelled", version=1, aggregate="order", key="order_number"):
    """An order that was placed will not be fulfilled; its goods are free again and its payment is given back."""

    lines: tuple[Line, ...]
    reason: str
    cancelled_at: datetime


class OrderShipped(OrderEvent, type="orders.order_shipped", version=1, aggregate="order", key="order_number"):
    """Goods have left the warehouse: all of what was ordered, or (`complete` is false) a part of it."""

    complete: bool
    shipped_at: datetime


class OrderDelivered(OrderEvent, type="orders.order_delivered", version=1, aggregate="order", key="order_number"):
    """The customer has everything."""

    delivered_at: datetime


class OrderReturned(OrderEvent, type="orders.order_returned", version=1, aggregate="order", key="order_number"):
    """Everything that was ordered came back."""

    returned_at: datetime


class OrderRefunded(OrderEvent, type="orders.order_refunded", version=1, aggregate="order", key="order_number"):
    """The customer has all the money back. A partial refund is told by payments alone: the order goes on."""

    refunded_at: datetime
