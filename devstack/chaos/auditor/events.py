"""What the auditor wants to know of each event: a tolerant reader."""

from decimal import Decimal
from typing import Any

from strangler.messaging import Event, upcaster

PLACED = "orders.order_placed"


class OfAnOrder(Event):
    order_number: str
    customer_email: str


class OrderPlaced(OfAnOrder, type=PLACED, version=1, aggregate="order", key="order_number"):
    pass


class OrderPlacedV2(Event, type=PLACED, version=2, aggregate="order", key="order_number"):
    """As nobody publishes it yet: who reads it is deployed first."""

    order_number: str
    buyer: str


@upcaster(PLACED, from_version=1)
def the_customer_is_the_buyer(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "buyer": data["customer_email"]}


class OrderCancelled(OfAnOrder, type="orders.order_cancelled", version=1, aggregate="order", key="order_number"):
    pass


class OrderRefunded(OfAnOrder, type="orders.order_refunded", version=1, aggregate="order", key="order_number"):
    pass


class OfAPayment(OfAnOrder):
    amount: Decimal


class Authorised(OfAPayment, type="payments.payment_authorised", version=1, aggregate="payment", key="order_number"):
    pass


class Captured(OfAPayment, type="payments.payment_captured", version=1, aggregate="payment", key="order_number"):
    pass


class Refunded(OfAPayment, type="payments.payment_refunded", version=1, aggregate="payment", key="order_number"):
    pass


class Voided(OfAPayment, type="payments.payment_voided", version=1, aggregate="payment", key="order_number"):
    pass


class OfStock(Event):
    sku: str
    warehouse: str
    quantity: int
    on_hand: int
    reserved: int


class Reserved(OfStock, type="inventory.stock_reserved", version=1, aggregate="stock_item", key="sku"):
    pass


class Released(OfStock, type="inventory.stock_released", version=1, aggregate="stock_item", key="sku"):
    pass


class Adjusted(OfStock, type="inventory.stock_adjusted", version=1, aggregate="stock_item", key="sku"):
    pass


ALWAYS: tuple[type[Event], ...] = (
    *(OrderCancelled, OrderRefunded, Authorised, Captured, Refunded, Voided),
    *(Reserved, Released, Adjusted),
)
OF_VERSION: dict[int, tuple[type[Event], ...]] = {1: (OrderPlaced, *ALWAYS), 2: (OrderPlacedV2, *ALWAYS)}
