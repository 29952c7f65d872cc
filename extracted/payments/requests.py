"""What is asked of this service: done one after the other for each payment, and answered once and for all.

One request and one call of the gateway are in hand at a time; later ones queue. `give_back` alone does not wait for
what it makes pointless: it calls that off, and what the gateway does all the same is undone.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from extracted.payments import answering, books
from extracted.payments.books import Book
from extracted.payments.domain import deciding, events
from extracted.payments.errors import GatewayUnavailable
from extracted.payments.events import PaymentRequested
from extracted.payments.models import GatewayCall, Owner, PaymentRequest
from strangler.messaging import Envelope
from strangler.outbox import publish

Status = PaymentRequest.Status
MAKES_MONEY_MOVE = {"authorise", "charge", "capture"}
CALLED_OFF = "The payment was called off before the gateway had answered."


@transaction.atomic
def ask(asked: PaymentRequested, message: Envelope) -> None:
    """Within the conversation of `message`. Who asks again gets the same answer again, once there is one."""
    book = books.opened([asked.order_number])[asked.order_number]
    row = PaymentRequest.objects.filter(request=asked.request).first()
    if row is not None:
        if row.is_answered:
            publish(answering.again(row))
        return
    row = answering.row_of(asked, message, answer_by=asked.answer_by or timezone.now() + patience())
    row.status = _verdict(book, asked)
    if row.status == Status.REDIRECTED:
        publish(answering.redirected(row, book.baton.epoch))
    row.save()
    if row.status == Status.QUEUED:
        go_on(book)
    books.save([book])


def go_on(book: Book) -> None:
    """Whatever can be done now for what is queued, in the order in which it was asked. Saving is the caller's part."""
    queued = list(unanswered(book).filter(status=Status.QUEUED).order_by("id"))
    while True:
        queued = _made_way(book, queued)
        book.advance()
        if not queued:
            return
        if book.state.is_at_rest:
            book.add(deciding.open_request(book.state, answering.asked_in(queued.pop(0))))
        elif _is_done_without_waiting(book, queued[0]):
            first = queued.pop(0)
            told = {"order_number": first.order_number, "request": first.request, "action": first.action}
            book.add([events.RequestDone(**told)])
        else:
            return


def begin_waiting(epochs: Mapping[str, int]) -> set[str]:
    """What waited for these payments, up to these epochs, is queued. Returns the payments of which there is any."""
    waiting = PaymentRequest.objects.filter(order_number__in=list(epochs), status=Status.WAITING)
    begun = [row for row in waiting if row.epoch <= epochs[row.order_number]]
    PaymentRequest.objects.filter(pk__in=[row.pk for row in begun]).update(status=Status.QUEUED)
    return {row.order_number for row in begun}


def call_off(book: Book, *, code: str, reason: str) -> None:
    """The request in hand is refused. A call that was never made is withdrawn; of any other the end is awaited."""
    tried = book.state.pending is None or not _withdrawn(book)
    book.add(deciding.abandon(book.state, book.order_number, code=code, reason=reason, tried=tried))


def refuse(book: Book, row: PaymentRequest, *, code: str, reason: str) -> None:
    """One that has not begun."""
    told = {"order_number": row.order_number, "request": row.request, "action": row.action}
    book.add([events.RequestRefused(**told, code=code, reason=reason)])


def unanswered(book: Book) -> QuerySet[PaymentRequest]:
    return PaymentRequest.objects.filter(order_number=book.order_number, answered_at=None)


def patience() -> timedelta:
    return timedelta(hours=settings.GATEWAY_PATIENCE_HOURS)


def _verdict(book: Book, asked: PaymentRequested) -> Status:
    """Only the owner decides. A baton on its way is waited for; a new payment is owned by who is asked for it first."""
    baton = book.baton
    if baton.is_here:
        return Status.QUEUED
    new = book.version == 0 and (asked.epoch, baton.epoch) == (1, 0)
    if new and asked.action in {"authorise", "charge"}:
        baton.epoch = 1
        books.give([book], Owner.SERVICE)
        return Status.QUEUED
    return Status.WAITING if asked.epoch > baton.epoch else Status.REDIRECTED


def _made_way(book: Book, queued: Sequence[PaymentRequest]) -> list[PaymentRequest]:
    """What a give_back that is queued makes pointless is called off."""
    places = [place for place, row in enumerate(queued) if row.action == "give_back"]
    if not places:
        return list(queued)
    told = {"code": GatewayUnavailable.code, "reason": CALLED_OFF}
    if book.state.open and book.state.open.action in MAKES_MONEY_MOVE:
        call_off(book, **told)
    left = []
    for place, row in enumerate(queued):
        if place < places[-1] and row.action in MAKES_MONEY_MOVE:
            refuse(book, row, **told)
        else:
            left.append(row)
    return left


def _is_done_without_waiting(book: Book, row: PaymentRequest) -> bool:
    """Nothing is known to be given back, and what may yet come of the call in hand is undone by itself."""
    pending = book.state.pending
    pointless = pending is not None and pending.abandoned and pending.kind == "authorise"
    return row.action == "give_back" and pointless and not book.state.authorised


def _withdrawn(book: Book) -> bool:
    """Unless a worker has begun it: the row's lock decides."""
    pending = book.state.pending
    calls = GatewayCall.objects.filter(call=pending and pending.call, status=GatewayCall.Status.DUE, attempts=0)
    changes = {"status": GatewayCall.Status.WITHDRAWN, "settled_at": timezone.now(), "card_token": ""}
    return bool(pending and not pending.undoes and calls.update(**changes))
