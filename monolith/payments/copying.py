"""This side's copy of what the service owns, as the service tells it. Nothing is published: there is no echo."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, TypeVar

from django.db import connection
from django.db.models import Sum

from monolith.errors import NotFound
from monolith.money import ZERO
from monolith.payments.doing import status_of
from monolith.payments.events import (
    PaymentAuthorised,
    PaymentCaptured,
    PaymentEvent,
    PaymentRefunded,
    PaymentVoided,
    PaymentWhole,
)
from monolith.payments.models import LedgerEntry, Payment
from monolith.payments.owners import elsewhere

E = TypeVar("E", bound=PaymentEvent)
Kind, Status = LedgerEntry.Kind, Payment.Status
_CHANGES = ["status", "authorised", "captured", "refunded", "authorisation"]
_PEOPLE = ["customer_email", "customer_name", "currency"]
# Past the ORM, which would write its own time: an entry keeps the one of the service.
_NOTE = """
    INSERT INTO payments_ledgerentry (payment_id, kind, amount, reference, created_at)
    SELECT * FROM unnest(%s::bigint[], %s::text[], %s::numeric[], %s::text[], %s::timestamptz[])
"""


class Entry(NamedTuple):
    payment: Payment
    kind: LedgerEntry.Kind
    amount: Decimal
    reference: str
    at: datetime


def follow(events: Sequence[E]) -> list[E]:
    """Of one type, of each payment in order. Returns those that told something new about what the service owns."""
    if not events:
        return []
    payments = _locked(event.order_number for event in events)
    theirs = elsewhere({event.order_number for event in events})
    told = [event for event in events if event.order_number in theirs]
    payments |= _made({e.order_number: e for e in told if isinstance(e, PaymentAuthorised)}, payments)
    entries = {id(event): entry for event in told if (entry := _followed(event, payments)) is not None}
    _save({entry.payment for entry in entries.values()})
    _note(entries.values())
    return [event for event in told if id(event) in entries]


def replace(wholes: Sequence[PaymentWhole]) -> None:
    """The copies become what is told, and the ledger is completed. Whose they are is for the caller to know.

    What never came to be a payment is told with a status that no payment has, and there is no copy of it.
    """
    told = {whole.order_number: whole for whole in wholes if whole.status in Status.values}
    payments = _locked(told)
    missing = [_copy_of(whole) for number, whole in told.items() if number not in payments]
    Payment.objects.bulk_create(missing)
    payments |= {payment.order_number: payment for payment in missing}
    for number, whole in told.items():
        for name in (*_CHANGES, *_PEOPLE):
            setattr(payments[number], name, getattr(whole, name))
    Payment.objects.bulk_update(payments.values(), [*_CHANGES, *_PEOPLE])
    _note(_what_the_ledger_lacks(payments, told))


def note_told(wholes: Sequence[PaymentWhole]) -> None:
    """Payments told again: those that the service owns."""
    _locked(whole.order_number for whole in wholes)
    theirs = elsewhere([whole.order_number for whole in wholes])
    replace([whole for whole in wholes if whole.order_number in theirs])


def _locked(order_numbers: Iterable[str]) -> dict[str, Payment]:
    """In the order of their rows, as by everybody who locks several."""
    found = Payment.objects.filter(order_number__in=set(order_numbers)).select_for_update().order_by("pk")
    return {payment.order_number: payment for payment in found}


def _made(new: dict[str, PaymentAuthorised], known: dict[str, Payment]) -> dict[str, Payment]:
    """With nothing authorised yet: that is what the event tells."""
    rows = [
        Payment(
            order_number=number,
            customer_email=event.customer_email,
            customer_name=event.customer_name,
            currency=event.currency,
            authorisation=event.authorisation,
            created_at=event.authorised_at,
        )
        for number, event in new.items()
        if number not in known
    ]
    return {payment.order_number: payment for payment in Payment.objects.bulk_create(rows)}


def _followed(event: PaymentEvent, payments: dict[str, Payment]) -> Entry | None:
    """None where it is known already. Raises NotFound."""
    payment = payments.get(event.order_number)
    if payment is None:
        raise NotFound(
            f"The payments service tells what was done with the payment of order {event.order_number}, but never told "
            "that there is one: `python -m extracted.payments backfill payments-monolith payments.payments` tells it "
            "again."
        )
    match event:
        case PaymentAuthorised() if payment.authorised < event.amount:
            payment.authorised, payment.authorisation = event.amount, event.authorisation
            return Entry(payment, Kind.AUTHORISED, event.amount, event.authorisation, event.authorised_at)
        case PaymentCaptured() if payment.captured < event.captured_total:
            payment.captured = event.captured_total
            payment.status = event.status or status_of(payment)
            return Entry(payment, Kind.CAPTURED, event.amount, event.reference, event.captured_at)
        case PaymentRefunded() if payment.refunded < event.refunded_total:
            payment.refunded = event.refunded_total
            payment.status = event.status or status_of(payment)
            return Entry(payment, Kind.REFUNDED, event.amount, event.reference, event.refunded_at)
        case PaymentVoided() if payment.capturable:
            payment.status = event.status or (Status.REFUNDED if payment.captured else Status.VOIDED)
            return Entry(payment, Kind.VOIDED, event.amount, event.reference, event.voided_at)
    return None


def _copy_of(whole: PaymentWhole) -> Payment:
    return Payment(**{name: getattr(whole, name) for name in PaymentWhole.model_fields})


def _what_the_ledger_lacks(payments: dict[str, Payment], told: dict[str, PaymentWhole]) -> list[Entry]:
    """So that it adds up to what is told: one entry for what the copy has missed, under the name of the payment."""
    sums = LedgerEntry.objects.filter(payment__in=payments.values()).order_by().values_list("payment", "kind")
    booked = {(payment, kind): amount for payment, kind, amount in sums.annotate(Sum("amount"))}
    lacking = []
    for number, whole in told.items():
        payment = payments[number]
        for kind, amount in _books_of(payment).items():
            missed = amount - booked.get((payment.pk, kind), ZERO)
            if missed:
                lacking.append(Entry(payment, kind, missed, whole.authorisation, whole.created_at))
    return lacking


def _books_of(payment: Payment) -> dict[LedgerEntry.Kind, Decimal]:
    """What the entries of each kind add up to."""
    return {
        Kind.AUTHORISED: payment.authorised,
        Kind.CAPTURED: payment.captured,
        Kind.REFUNDED: payment.refunded,
        Kind.VOIDED: payment.authorised - payment.captured - payment.capturable,
    }


def _save(payments: Iterable[Payment]) -> None:
    Payment.objects.bulk_update(list(payments), _CHANGES)


def _note(entries: Iterable[Entry]) -> None:
    rows = [(entry.payment.pk, entry.kind.value, *entry[2:]) for entry in entries]
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, [list(column) for column in zip(*rows, strict=True)])
