"""Payments under their locks: read from their streams, changed by events in memory, saved together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.utils import timezone

from extracted.payments import consequences, ownership
from extracted.payments.domain import deciding
from extracted.payments.domain.events import OwnerChanged
from extracted.payments.domain.state import PaymentState, evolve
from extracted.payments.happened import Happened
from extracted.payments.models import Owner, Ownership, PaymentView
from extracted.payments.streams import payments
from strangler.messaging import Event

FROM_STATE = (
    *("customer_email", "customer_name", "currency", "authorised", "captured", "refunded", "released"),
    *("authorisation", "created_at", "status"),
)


@dataclass(slots=True)
class Book:
    """One payment, and what has happened to it in this transaction."""

    order_number: str
    baton: Ownership
    state: PaymentState
    version: int
    happened: list[Happened] = field(default_factory=list)

    def add(self, events: Iterable[Event]) -> None:
        for event in events:
            request = _request_of(self.state, event)
            self.state = evolve(self.state, event)
            self.happened.append(Happened(event, self.state, request))

    def advance(self) -> None:
        self.add(deciding.advance(self.state, self.order_number))


def opened(order_numbers: Iterable[str]) -> dict[str, Book]:
    """In three statements, however many. Nobody else has them until the transaction ends."""
    batons = ownership.hold(order_numbers)
    loaded = payments.load_many(batons)
    return {
        number: Book(number, baton, loaded[number].state, loaded[number].version) for number, baton in batons.items()
    }


def save(books: Iterable[Book]) -> None:
    """Streams, the read model, and what follows for the gateway and for others, in the transaction in force."""
    changed = [book for book in books if book.happened]
    after = payments.append_many(
        {book.order_number: (book.version, [each.event for each in book.happened]) for book in changed}
    )
    for book in changed:
        book.version = after[book.order_number]
    _show(changed)
    consequences.draw([each for book in changed for each in book.happened])
    for book in changed:
        book.happened = []


def give(books: Sequence[Book], owner: Owner) -> None:
    """To `owner`, as the epochs that their batons have by now."""
    ownership.give([book.baton for book in books], owner)
    for book in books:
        told = {"order_number": book.order_number, "owner": owner.value, "epoch": book.baton.epoch}
        book.add([OwnerChanged(**told)])


def _show(books: Sequence[Book]) -> None:
    now = timezone.now()
    PaymentView.objects.bulk_create(
        [
            PaymentView(
                order_number=book.order_number,
                version=book.version,
                in_hand=_in_hand(book.state),
                updated_at=now,
                **{name: getattr(book.state, name) for name in FROM_STATE},
            )
            for book in books
        ],
        update_conflicts=True,
        unique_fields=["order_number"],
        update_fields=[*FROM_STATE, "version", "in_hand", "updated_at"],
    )


def _in_hand(state: PaymentState) -> str:
    return f"{state.pending.kind} {state.pending.amount}" if state.pending else ""


def _request_of(state: PaymentState, event: Event) -> UUID | None:
    """On whose behalf: what the event says, or the call that it is the end of."""
    request: UUID | None = getattr(event, "request", None)
    call = getattr(event, "call", None)
    if request is None and call is not None and state.pending is not None and state.pending.call == call:
        return state.pending.request
    return request
