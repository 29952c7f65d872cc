"""The shop's own events, as its relay delivers them. Only tests may know both sides."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from monolith.catalog.events import ProductChanged, ProductPublished
from monolith.customers.events import CustomerChanged, CustomerRegistered
from monolith.inventory.events import StockAdjusted, StockDispatched, StockReceived, StockReturned, StockShipped
from monolith.orders.events import Line, OrderCancelled, OrderPlaced, OrderRefunded, ShipTo
from monolith.shipping.events import Parcel, ReturnReceived
from strangler.brokers import Delivery
from strangler.inbox.incoming import Incoming, read
from strangler.messaging import Event, encode, seal

AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
CUSTOMER = {"customer_name": "Ada", "customer_email": "ada@example.com"}
HOME = ShipTo(recipient="Ada", street="1 High St", postal_code="N1", city="London", country="GB")


def line(sku: str = "MUG", quantity: int = 2, price: str = "4.95", discount: str = "0.00") -> Line:
    return Line(sku=sku, name=sku.title(), quantity=quantity, unit_price=price, discount=discount, tax="0.00")


def placed(number: str = "S-1", *lines: Line, customer: int = 7, at: datetime = AT, **changes: object) -> OrderPlaced:
    lines = lines or (line(),)
    subtotal = sum((each.unit_price * each.quantity for each in lines), Decimal("0.00"))
    told = {
        "order_number": number,
        "customer_id": customer,
        **CUSTOMER,
        "total": subtotal,
        "currency": "EUR",
        "lines": lines,
        "subtotal": subtotal,
        "discount": "0.00",
        "shipping_cost": "0.00",
        "tax": "0.00",
        "promotion_code": "",
        "shipping_method": "standard",
        "ship_to": HOME,
        "placed_at": at,
    }
    return OrderPlaced(**{**told, **changes})


def cancelled(number: str = "S-1", *, customer: int = 7) -> OrderCancelled:
    return OrderCancelled(**_taken_back(number, customer), lines=(line(),), reason="no", cancelled_at=AT)


def refunded(number: str = "S-1", *, customer: int = 7) -> OrderRefunded:
    return OrderRefunded(**_taken_back(number, customer), refunded_at=AT)


def returned(number: str = "R-1", order: str = "S-1") -> ReturnReceived:
    parcel = Parcel(sku="MUG", name="Mug", quantity=2)
    told = {"order_number": order, "return_number": number, **CUSTOMER, "lines": (parcel,), "currency": "EUR"}
    return ReturnReceived(**told, refunded="9.90", received_at=AT)


def registered(customer: int = 7, name: str = "Ada", email: str = "ada@example.com") -> CustomerRegistered:
    return CustomerRegistered(customer_id=customer, email=email, name=name)


def renamed(customer: int = 7, name: str = "Ada King", email: str = "ada@example.com") -> CustomerChanged:
    return CustomerChanged(customer_id=customer, email=email, name=name, phone="")


def published(sku: str = "MUG", **changes: object) -> ProductPublished:
    return ProductPublished(**{"price": "4.95", "currency": "EUR", **_texts(sku), **changes})


def changed(sku: str = "MUG", **changes: object) -> ProductChanged:
    return ProductChanged(**{**_texts(sku), **changes})


def adjusted(movement: int, quantity: int = 100, sku: str = "MUG", at: datetime = AT) -> StockAdjusted:
    return StockAdjusted(**_moved(movement, quantity, sku, at), reason="counted")


def shipped(movement: int, quantity: int = 2, sku: str = "MUG", at: datetime = AT) -> StockShipped:
    return StockShipped(**_moved(movement, quantity, sku, at), reference="S-1")


def sent_back(movement: int, quantity: int = 1, sku: str = "MUG", at: datetime = AT) -> StockReturned:
    return StockReturned(**_moved(movement, quantity, sku, at), reference="S-1")


def dispatched(movement: int, quantity: int = 5, sku: str = "MUG", at: datetime = AT) -> StockDispatched:
    return StockDispatched(**_moved(movement, quantity, sku, at), transfer="T-1", destination="NORTH")


def received(movement: int, quantity: int = 5, sku: str = "MUG", at: datetime = AT) -> StockReceived:
    return StockReceived(**_moved(movement, quantity, sku, at), transfer="T-1", source="MAIN")


def message(event: Event) -> Incoming:
    """Each time a message of its own, as live and backfilled ones about the same thing are."""
    return delivered(encode(seal(event, source="shop")))


def delivered(body: str, *, redelivered: bool = False) -> Incoming:
    return read(Delivery(body.encode(), redelivered=redelivered, tag=None))


def _taken_back(number: str, customer: int) -> Mapping[str, object]:
    return {"order_number": number, "customer_id": customer, **CUSTOMER, "total": "9.90", "currency": "EUR"}


def _texts(sku: str) -> Mapping[str, object]:
    told = {"sku": sku, "name": f"{sku.title()}, red", "description": "Holds tea.", "category": "kitchen"}
    return {**told, "product_name": sku.title(), "category_name": "For the kitchen"}


def _moved(movement: int, quantity: int, sku: str, at: datetime) -> Mapping[str, object]:
    levels = {"warehouse": "MAIN", "on_hand": 50, "reserved": 0}
    return {"sku": sku, "quantity": quantity, **levels, "movement": movement, "moved_at": at}
