"""What is told while the gateway does not answer: first that it takes longer, then, at `answer_by`, no.

Where no would be wrong, because the gateway may have done it and it is wanted all the same, it only takes longer.
"""

from collections.abc import Collection

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from extracted.payments import answering, books, moving, requests
from extracted.payments.domain.deciding import GIVES_BACK
from extracted.payments.errors import GatewayUnavailable
from extracted.payments.events import PaymentRequestDeferred
from extracted.payments.models import GatewayCall, Ownership, PaymentRequest
from strangler.outbox import publish

Status = PaymentRequest.Status
BATCH = 200
TAKES_LONGER = "The card gateway does not answer; it is tried again."
TOO_LATE = "The card gateway did not answer in time, and nothing was done. Try again later."


@transaction.atomic
def defer_waiting() -> int:
    """All whose call cannot even be tried, because the breaker is open. Returns how many were told."""
    due = GatewayCall.objects.filter(status=GatewayCall.Status.DUE).values("order_number")
    late = _undeferred().filter(order_number__in=due).order_by("id")
    return defer(set(late.values_list("order_number", flat=True)[:BATCH]))


def defer(order_numbers: Collection[str]) -> int:
    """Whoever waits for these payments, once for each request; how many. Those that are worked on are left out."""
    free = Ownership.objects.filter(order_number__in=order_numbers).select_for_update(no_key=True, skip_locked=True)
    rows = list(_undeferred().filter(order_number__in=[baton.order_number for baton in free]).order_by("id"))
    for row in rows:
        row.deferred_at = timezone.now()
        told = {"request": row.request, "order_number": row.order_number, "action": row.action}
        with answering.conversation(row):
            publish(PaymentRequestDeferred(**told, until=row.answer_by, reason=TAKES_LONGER))
    PaymentRequest.objects.bulk_update(rows, ["deferred_at"])
    return len(rows)


def refuse_overdue() -> int:
    """Requests that nobody waits for any more; each payment in a transaction of its own. How many were refused."""
    overdue = _unanswered().filter(answer_by__lte=timezone.now()).order_by("answer_by")
    return sum(_refuse(number) for number in set(overdue.values_list("order_number", flat=True)[:BATCH]))


@transaction.atomic
def _refuse(order_number: str) -> int:
    book = books.opened([order_number])[order_number]
    late = list(requests.unanswered(book).filter(answer_by__lte=timezone.now()).order_by("id"))
    told = {"code": GatewayUnavailable.code, "reason": TOO_LATE}
    going_on = [row for row in late if _has_to_end(row)]
    for row in late:
        if row in going_on:
            row.answer_by, row.deferred_at = timezone.now() + requests.patience(), None
        elif book.state.open and book.state.open.request == row.request:
            requests.call_off(book, **told)
        else:
            requests.refuse(book, row, **told)
    PaymentRequest.objects.bulk_update(going_on, ["answer_by", "deferred_at"])
    requests.go_on(book)
    books.save([book])
    moving.give_up_if_recalled(book)
    return len(late) - len(going_on)


def _has_to_end(row: PaymentRequest) -> bool:
    """The gateway was asked, and no is no answer: to what gives money back, and where nobody named a time."""
    patient = row.action in GIVES_BACK or answering.asked_in(row).answer_by is None
    tried = GatewayCall.objects.filter(request=row.request, undoes=False, attempts__gt=0)
    return patient and row.status == Status.OPEN and tried.exists()


def _unanswered() -> QuerySet[PaymentRequest]:
    return PaymentRequest.objects.filter(answered_at=None)


def _undeferred() -> QuerySet[PaymentRequest]:
    return _unanswered().filter(deferred_at=None, status__in=[Status.OPEN, Status.QUEUED])
