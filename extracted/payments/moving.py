"""The baton of a payment comes and goes: only who has it gives it up, and all that is known goes with it."""

from collections.abc import Iterable, Sequence
from typing import Any

import structlog
from django.db import transaction

from extracted.payments import books, learning, requests
from extracted.payments.books import Book
from extracted.payments.events import PaymentHandedOver, PaymentRecalled
from extracted.payments.models import Owner, Ownership
from strangler.outbox import publish

NO_CURRENCY = "XXX"  # ISO 4217: where nothing was ever set aside

log = structlog.get_logger(__name__)


@transaction.atomic
def take_over(events: Sequence[PaymentHandedOver]) -> None:
    """An epoch that was here already changes nothing. What waited for these payments is begun in the same go."""
    given = [event for event in events if event.to == "service"]
    latest = {event.order_number: event for event in sorted(given, key=lambda event: event.epoch)}
    held = books.opened(latest)
    taken = [book for number, book in held.items() if latest[number].epoch > book.baton.epoch]
    for book in taken:
        event = latest[book.order_number]
        book.add(learning.learned(book.state, event, why="handed_over"))
        book.baton.epoch = event.epoch
    books.give(taken, Owner.SERVICE)
    for number in requests.begin_waiting({book.order_number: book.baton.epoch for book in taken}):
        requests.go_on(held[number])
    books.save(held.values())


@transaction.atomic
def hand_back(recalled: Iterable[PaymentRecalled]) -> None:
    """At once, or as soon as the gateway has ended what it is being asked. What was given back already stays so."""
    asked = {event.order_number: event.epoch for event in recalled}
    held = books.opened(asked)
    wanted = [book for number, book in held.items() if book.baton.is_here and asked[number] >= book.baton.epoch]
    for book in wanted:
        book.baton.recalled = asked[book.order_number]
    Ownership.objects.bulk_update([book.baton for book in wanted], ["recalled"])
    for book in wanted:
        give_up_if_recalled(book)
    books.save(held.values())
    if late := sorted(asked.keys() - {book.order_number for book in wanted}):
        log.info("recalled_but_not_here", order_numbers=late)


def give_up_if_recalled(book: Book) -> None:
    """The last thing that is done with a book before it is saved."""
    if book.baton.recalled is None or not book.baton.is_here or not book.state.is_at_rest:
        return
    book.baton.epoch += 1
    books.give([book], Owner.MONOLITH)
    books.save([book])
    publish(PaymentHandedOver(**whole(book), to="monolith", epoch=book.baton.epoch))


def whole(book: Book) -> dict[str, Any]:
    """What a PaymentWhole tells."""
    state = book.state
    names = ("customer_email", "customer_name", "authorised", "captured", "refunded", "authorisation")
    return {
        **{name: getattr(state, name) for name in names},
        "order_number": book.order_number,
        "status": str(state.status),
        "currency": state.currency or NO_CURRENCY,
        "created_at": state.created_at or book.baton.since,
    }
