"""The shop's own events, as its relay delivers them. Only tests may know both sides."""

from datetime import UTC, datetime

from monolith.orders.events import Line, OrderCancelled, OrderPlaced, ShipTo
from monolith.payments.events import PaymentCaptured, PaymentRefunded
from strangler.brokers import Delivery
from strangler.inbox.incoming import Incoming, read
from strangler.messaging import Event, encode, seal

AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
CUSTOMER = {"order_number": "S-1", "customer_name": "Ada & <Co>", "customer_email": "ada@example.com"}
LINES = (Line(sku="MUG", name="Mug", quantity=2, unit_price="4.95"),)
HOME = ShipTo(recipient="Ada", street="1 High St", postal_code="N1", city="London", country="GB")


def placed(**changes: object) -> OrderPlaced:
    order = {"customer_id": 7, "lines": LINES, "total": "9.90", "currency": "EUR", "ship_to": HOME, "placed_at": AT}
    return OrderPlaced(**{**CUSTOMER, **order, **changes})


def cancelled(**changes: object) -> OrderCancelled:
    order = {"customer_id": 7, "lines": LINES, "total": "9.90", "currency": "EUR"}
    return OrderCancelled(**{**CUSTOMER, **order, "reason": "changed her mind", "cancelled_at": AT, **changes})


def captured(**changes: object) -> PaymentCaptured:
    return PaymentCaptured(**{**CUSTOMER, "amount": "9.90", "currency": "EUR", "captured_at": AT, **changes})


def refunded(**changes: object) -> PaymentRefunded:
    sums = {"amount": "4.00", "refunded_total": "6.50", "currency": "EUR", "refunded_at": AT}
    return PaymentRefunded(**{**CUSTOMER, **sums, **changes})


def message(event: Event, *, stages: str | None = "notifications=extracted") -> Incoming:
    return delivered(encode(seal(event, source="shop", stages=stages)))


def delivered(body: str, *, redelivered: bool = False) -> Incoming:
    return read(Delivery(body.encode(), redelivered=redelivered, tag=None))
