"""What the monolith tells and asks, as its relay delivers it."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID, uuid4

from extracted.payments import events
from strangler.brokers import Delivery
from strangler.inbox.incoming import Incoming, read
from strangler.messaging import Event
from strangler.messaging.sealing import Sealer

AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
WHO = {"customer_email": "ada@example.com", "customer_name": "Ada Lovelace"}
BASE = {**WHO, "currency": "EUR"}
AUTHORISATION = "auth_monolith"


def fact(order_number: str, amount: object, status: str = "") -> dict[str, object]:
    told = {"order_number": order_number, "amount": amount, "status": status}
    return {**BASE, **told, "authorisation": AUTHORISATION, "reference": f"ref_{uuid4().hex[:8]}"}


def authorised(order_number="S-1", amount="100.00", status="authorised", **changes) -> events.PaymentAuthorised:
    return events.PaymentAuthorised(**{**fact(order_number, amount, status), "authorised_at": AT, **changes})


def captured(order_number="S-1", amount="100.00", total=None, status="captured") -> events.PaymentCaptured:
    return events.PaymentCaptured(**fact(order_number, amount, status), captured_total=total or amount, captured_at=AT)


def refunded(order_number="S-1", amount="100.00", total=None, status="refunded") -> events.PaymentRefunded:
    return events.PaymentRefunded(**fact(order_number, amount, status), refunded_total=total or amount, refunded_at=AT)


def voided(order_number="S-1", amount="100.00", status="voided") -> events.PaymentVoided:
    return events.PaymentVoided(**fact(order_number, amount, status), voided_at=AT)


def whole(order_number="S-1", amounts=("100.00", "0.00", "0.00"), status="authorised") -> dict[str, object]:
    """`amounts` are authorised, captured, refunded."""
    sums = dict(zip(("authorised", "captured", "refunded"), map(Decimal, amounts), strict=True))
    told = {"order_number": order_number, "status": status, "authorisation": AUTHORISATION, "created_at": AT}
    return {**BASE, **sums, **told}


def told(*arguments, **changes) -> events.PaymentTold:
    return events.PaymentTold(**whole(*arguments, **changes))


def handed_over(*arguments, epoch=1, to="service", **changes) -> events.PaymentHandedOver:
    return events.PaymentHandedOver(**whole(*arguments, **changes), to=to, epoch=epoch)


def recalled(order_number="S-1", epoch=1) -> events.PaymentRecalled:
    return events.PaymentRecalled(order_number=order_number, epoch=epoch)


def requested(action="charge", order_number="S-1", amount=None, request: UUID | None = None, **changes):
    """A charge is of 100.00, with a good card, unless it is said otherwise."""
    asked = {"request": request or uuid4(), "order_number": order_number, "action": action, "epoch": 1}
    if action in {"authorise", "charge"}:
        asked |= {**BASE, "card_token": "tok_visa", "amount": "100.00"}
    return events.PaymentRequested(**{**asked, **({"amount": amount} if amount else {}), **changes})


def message(
    event: Event, *, source: str = "shop", again: bool = False, redelivered: bool = False, stage: str = "shadow"
) -> Incoming:
    """`again`: told to the service's group alone, as a backfill does."""
    text = Sealer(source, f"payments={stage}", backfill="payments" if again else None).seal(event).text
    return read(Delivery(text.encode(), redelivered=redelivered, tag=None))
