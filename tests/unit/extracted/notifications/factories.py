"""The shop's own events, as its relay delivers them. Only tests may know both sides."""

from datetime import UTC, datetime

from monolith.orders.events import Line, OrderAwaitsPayment, OrderCancelled, OrderPlaced, OrderRejected, ShipTo
from monolith.payments.events import PaymentCaptured, PaymentRefunded
from monolith.shipping.events import Parcel, ReturnReceived, ShipmentDispatched
from strangler.brokers import Delivery
from strangler.inbox.incoming import Incoming, read
from strangler.messaging import Event, encode, seal

AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
CUSTOMER = {"order_number": "S-1", "customer_name": "Ada & <Co>", "customer_email": "ada@example.com"}
LINES = (Line(sku="MUG", name="Mug", quantity=2, unit_price="4.95", discount="0.00", tax="1.88"),)
SUMS = {"subtotal": "9.90", "discount": "0.00", "shipping_cost": "24.90", "tax": "1.88", "total": "36.68"}
PARCELS = (Parcel(sku="MUG", name="Mug", quantity=2),)
HOME = ShipTo(recipient="Ada", street="1 High St", postal_code="N1", city="London", country="GB")


def placed(**changes: object) -> OrderPlaced:
    order = {"customer_id": 7, "lines": LINES, **SUMS, "currency": "EUR", "ship_to": HOME, "placed_at": AT}
    return OrderPlaced(**{**CUSTOMER, **order, "promotion_code": "", "shipping_method": "standard", **changes})


def rejected(**changes: object) -> OrderRejected:
    order = {"customer_id": 7, "lines": LINES, "total": "36.68", "currency": "EUR", "code": "out_of_stock"}
    return OrderRejected(**{**CUSTOMER, **order, "reason": "Not enough in stock: MUG.", "rejected_at": AT, **changes})


def awaiting(**changes: object) -> OrderAwaitsPayment:
    order = {"customer_id": 7, "total": "36.68", "currency": "EUR", "retried_until": AT, "deferred_at": AT}
    return OrderAwaitsPayment(**{**CUSTOMER, **order, **changes})


def cancelled(**changes: object) -> OrderCancelled:
    order = {"customer_id": 7, "lines": LINES, "total": "36.68", "currency": "EUR"}
    return OrderCancelled(**{**CUSTOMER, **order, "reason": "changed her mind", "cancelled_at": AT, **changes})


def captured(**changes: object) -> PaymentCaptured:
    sums = {"amount": "36.68", "captured_total": "36.68", "currency": "EUR", "captured_at": AT}
    return PaymentCaptured(**{**CUSTOMER, **sums, **changes})


def refunded(**changes: object) -> PaymentRefunded:
    sums = {"amount": "4.00", "refunded_total": "6.50", "currency": "EUR", "refunded_at": AT}
    return PaymentRefunded(**{**CUSTOMER, **sums, **changes})


def dispatched(**changes: object) -> ShipmentDispatched:
    parcel = {"shipment_number": "P-1", "warehouse": "MAIN", "lines": PARCELS, "dispatched_at": AT}
    return ShipmentDispatched(**{**CUSTOMER, **parcel, "carrier": "Paketo", "tracking_number": "PA1", **changes})


def returned(**changes: object) -> ReturnReceived:
    sums = {"return_number": "R-1", "lines": PARCELS, "refunded": "11.78", "currency": "EUR", "received_at": AT}
    return ReturnReceived(**{**CUSTOMER, **sums, **changes})


def message(event: Event, *, stages: str | None = "notifications=extracted") -> Incoming:
    return delivered(encode(seal(event, source="shop", stages=stages)))


def delivered(body: str, *, redelivered: bool = False) -> Incoming:
    return read(Delivery(body.encode(), redelivered=redelivered, tag=None))
