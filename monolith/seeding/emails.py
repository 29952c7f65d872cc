"""The e-mails of the last two weeks, as sent. Older ones the shop has thrown away."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cache
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django.template.loader import get_template

from monolith.money import ZERO
from monolith.notifications.models import Email
from monolith.notifications.services import TEMPLATES, TellsTheCustomer, message_id
from monolith.orders.events import Line as ToldLine
from monolith.orders.events import OrderCancelled, OrderPlaced, ShipTo
from monolith.payments.events import PaymentCaptured, PaymentRefunded
from monolith.seeding.catalog import CURRENCY
from monolith.seeding.history import DAY, History
from monolith.seeding.sales import Entry, Kind, Line, Parcel, Sale, SentBack
from monolith.seeding.tables import copy_into
from monolith.shipping.events import Parcel as ToldParcel
from monolith.shipping.events import ReturnReceived, ShipmentDispatched
from monolith.shipping.models import Return

KEPT, LONGEST_LIFE = 14 * DAY, 60 * DAY
_template = cache(get_template)
FIELDS = """
    cause template address order_number subject body message_id status attempts last_error created_at due_at sent_at
"""


def write_emails(sales: Iterable[Sale], history: History) -> None:
    since = history.until - KEPT
    told = [(moment, event) for sale in sales for moment, event in _events(sale, since)]
    told.sort(key=lambda pair: pair[0])
    copy_into(Email, FIELDS, (_email(event, moment) for moment, event in told))


def _email(event: TellsTheCustomer, moment: datetime) -> tuple[Any, ...]:
    """With the shop's own words. The event was never published, so its id is made of what it says."""
    template, address = TEMPLATES[type(event)], event.customer_email
    cause = str(uuid5(NAMESPACE_URL, f"{template} {event.model_dump_json()}"))
    subject, body = (_render(template, part, event) for part in ("subject", "body"))
    return (
        *(cause, template, address, event.order_number, subject, body, message_id(cause, address, template)),
        *(Email.Status.SENT, 1, "", moment, moment, moment),
    )


def _render(template: str, part: str, event: TellsTheCustomer) -> str:
    return _template(f"notifications/{template}.{part}.txt").render({"event": event}).strip()


def _events(sale: Sale, since: datetime) -> Iterator[tuple[datetime, TellsTheCustomer]]:
    if sale.placed_at < since - LONGEST_LIFE:
        return  # whatever there was to tell was told before
    if sale.placed_at >= since:
        yield sale.placed_at, _placed(sale)
    if sale.cancelled_at and sale.cancelled_at >= since:
        yield sale.cancelled_at, _cancelled(sale)
    yield from _about_money(sale, since)
    for parcel in sale.parcels:
        if parcel.dispatched_at and parcel.dispatched_at >= since:
            yield parcel.dispatched_at, _dispatched(sale, parcel)
    for back in sale.sent_back:
        if back.status == Return.Status.RECEIVED and back.closed_at >= since:
            yield back.closed_at, _received(sale, back)


def _about_money(sale: Sale, since: datetime) -> Iterator[tuple[datetime, TellsTheCustomer]]:
    """The sums so far count what was before `since`, too."""
    so_far = {Kind.CAPTURED: ZERO, Kind.REFUNDED: ZERO}
    for entry in sale.entries:
        if entry.kind in so_far:
            so_far[entry.kind] += entry.amount
            if entry.at >= since:
                yield entry.at, _paid(sale, entry, so_far[entry.kind])


def _told(sale: Sale) -> dict[str, Any]:
    return {"order_number": sale.number, "customer_email": sale.buyer.email, "customer_name": sale.buyer.name}


def _order(sale: Sale) -> dict[str, Any]:
    lines = [_line(line) for line in sale.lines]
    return {**_told(sale), "customer_id": sale.buyer.id, "total": sale.total, "currency": CURRENCY, "lines": lines}


def _line(line: Line) -> ToldLine:
    return ToldLine(
        sku=line.ware.sku,
        name=line.ware.name,
        **{name: getattr(line, name) for name in ("quantity", "unit_price", "discount", "tax")},
    )


def _placed(sale: Sale) -> OrderPlaced:
    copied = ("subtotal", "discount", "shipping_cost", "tax", "promotion_code", "placed_at")
    return OrderPlaced(
        **_order(sale),
        **{name: getattr(sale, name) for name in copied},
        shipping_method=sale.method,
        ship_to=ShipTo.model_validate_json(sale.destination.ship_to),
    )


def _cancelled(sale: Sale) -> OrderCancelled:
    return OrderCancelled(**_order(sale), reason=sale.cancel_reason, cancelled_at=sale.cancelled_at)


def _paid(sale: Sale, entry: Entry, so_far: object) -> PaymentCaptured | PaymentRefunded:
    told = {**_told(sale), "amount": entry.amount, "currency": CURRENCY}
    if entry.kind == Kind.CAPTURED:
        return PaymentCaptured(**told, captured_total=so_far, captured_at=entry.at)
    return PaymentRefunded(**told, refunded_total=so_far, refunded_at=entry.at)


def _dispatched(sale: Sale, parcel: Parcel) -> ShipmentDispatched:
    return ShipmentDispatched(
        **_told(sale),
        shipment_number=parcel.number,
        warehouse="",
        lines=[_unit(line, line.quantity) for line in parcel.lines],
        carrier=parcel.carrier,
        tracking_number=parcel.tracking_number,
        dispatched_at=parcel.dispatched_at,
    )


def _received(sale: Sale, back: SentBack) -> ReturnReceived:
    return ReturnReceived(
        **_told(sale),
        return_number=back.number,
        lines=[_unit(line, quantity) for line, quantity in back.lines],
        refunded=back.refunded,
        currency=CURRENCY,
        received_at=back.closed_at,
    )


def _unit(line: Line, quantity: int) -> ToldParcel:
    return ToldParcel(sku=line.ware.sku, name=line.ware.name, quantity=quantity)
