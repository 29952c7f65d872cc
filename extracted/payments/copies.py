"""Copies of the payments that the monolith owns, kept current by its events. Applying them tells nobody anything."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from extracted.payments import books, shadow
from extracted.payments.books import Book
from extracted.payments.domain import events as stream
from extracted.payments.domain.state import Status
from extracted.payments.events import (
    PaymentAuthorised,
    PaymentCaptured,
    PaymentEvent,
    PaymentRefunded,
    PaymentTold,
    PaymentVoided,
    PaymentWhole,
)
from extracted.payments.learning import learned
from extracted.payments.models import ShadowOutcome


@dataclass(frozen=True, slots=True)
class Heard:
    """`beside`: at the stage of then this service does the work too, so that its answer can be compared."""

    event: PaymentEvent
    beside: bool


@transaction.atomic
def follow(heard: Sequence[Heard]) -> None:
    """In order. What is owned here is left alone. Where the copy comes to something else, what is told holds."""
    held = books.opened({each.event.order_number for each in heard})
    outcomes = []
    for each in heard:
        book = held[each.event.order_number]
        if book.baton.is_here:
            continue
        if not _is_known(book, each.event):
            book.add([_moved(each.event)])
        if each.beside:
            outcomes.append(shadow.compared_with(book.state, each.event))
        book.add(learned(book.state, _whole(book, each.event), why="corrected"))
    books.save(held.values())
    ShadowOutcome.objects.bulk_create(outcomes)


@transaction.atomic
def put(told: Sequence[PaymentTold]) -> None:
    """What is told last of a payment holds, unless it is owned here."""
    latest = {event.order_number: event for event in told}
    held = books.opened(latest)
    for number, event in latest.items():
        if not held[number].baton.is_here:
            held[number].add(learned(held[number].state, event, why="told"))
    books.save(held.values())


def _is_known(book: Book, event: PaymentEvent) -> bool:
    """A payment is authorised and closed once: where a backfill told of that before, it is not new."""
    if isinstance(event, PaymentAuthorised):
        return bool(book.state.authorised)
    return isinstance(event, PaymentVoided) and book.state.status in {Status.VOIDED, Status.REFUNDED}


def _moved(event: PaymentEvent) -> stream.MoneyMoved:
    told = {"order_number": event.order_number, "amount": event.amount, "currency": event.currency}
    told |= {"origin": "monolith", "reference": event.reference}
    match event:
        case PaymentAuthorised():
            who = {name: getattr(event, name) for name in ("customer_email", "customer_name")}
            return stream.MoneyAuthorised(
                **told, **who, authorisation=event.authorisation or event.reference, at=event.authorised_at
            )
        case PaymentCaptured():
            return stream.MoneyCaptured(**told, at=event.captured_at)
        case PaymentRefunded():
            return stream.MoneyRefunded(**told, at=event.refunded_at)
        case PaymentVoided():
            return stream.MoneyReleased(**told, at=event.voided_at)
    raise TypeError(f"{type(event).__name__} moves no money")


def _whole(book: Book, event: PaymentEvent) -> PaymentWhole:
    """What follows from the fact for the payment, where it says so; for the rest, what is known here."""
    state = book.state
    return PaymentWhole(
        order_number=event.order_number,
        customer_email=event.customer_email,
        customer_name=event.customer_name,
        currency=event.currency,
        status=event.status or state.status,
        authorised=state.authorised,
        captured=event.captured_total if isinstance(event, PaymentCaptured) else state.captured,
        refunded=event.refunded_total if isinstance(event, PaymentRefunded) else state.refunded,
        authorisation=event.authorisation or state.authorisation,
        created_at=state.created_at or _at(event),
    )


def _at(event: PaymentEvent) -> object:
    return _moved(event).at
