"""Requests that could not be done at once: answered by the service, or done when their time has come.

Each is done by whoever owns the payment by then, after all earlier ones, in a transaction of its own.
"""

from collections.abc import Collection, Sequence
from contextvars import copy_context
from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from monolith.errors import GatewayUnavailable, ShopError
from monolith.money import ZERO
from monolith.payments.doing import do
from monolith.payments.events import (
    PaymentAsked,
    PaymentRequestDeferred,
    PaymentRequestDone,
    PaymentRequestRedirected,
    PaymentRequestRefused,
)
from monolith.payments.models import Payment, PaymentRequest
from monolith.payments.owners import Standing, standing
from monolith.payments.requests import ask, locked, no_payment, wanted_by
from strangler.outbox import publish

Status = PaymentRequest.Status
TO_DO = (Status.WAITING, Status.REDIRECTED)
LOOK_AGAIN = timedelta(seconds=2)
ASK_ANEW = timedelta(seconds=30)
"""After which a request that was redirected is asked again, although nothing that we know of has moved."""
TRY_THE_BANK_AGAIN = timedelta(minutes=5)
"""After which money that has to be taken or given back is asked for anew, where the service did not reach the bank."""
AT_ONCE = 200


def note_done(event: PaymentRequestDone) -> None:
    """The service's answer. One that is late, or comes twice, changes nothing."""
    if row := _open(event):
        _close(row, Status.DONE)
        if row.asked_as != row.request:  # who waits for the answer knows the first question alone
            publish(event.model_copy(update={"request": row.request}))


def note_refused(event: PaymentRequestRefused) -> None:
    """Where only the bank is away, and nobody waits with a deadline, it is not given up: it is asked anew, later."""
    row = _open(event)
    if row is None:
        return
    row.code, row.reason = event.code, event.reason
    if event.code == GatewayUnavailable.code and row.answer_by is None:
        row.status, row.due_at = Status.WAITING, timezone.now() + TRY_THE_BANK_AGAIN
        row.save()
        return
    _close(row, Status.REFUSED)
    if row.asked_as != row.request:
        publish(_refused(row))


def note_deferred(event: PaymentRequestDeferred) -> None:
    if row := _open(event):
        row.deferred_until, row.reason = event.until, event.reason
        row.save(update_fields=["deferred_until", "reason"])


def note_redirected(event: PaymentRequestRedirected) -> None:
    if row := _open(event):
        now = timezone.now()
        row.status, row.answered_at, row.due_at = Status.REDIRECTED, now, now
        row.save(update_fields=["status", "answered_at", "due_at"])
        _soon([row.pk])


def wake(order_numbers: Collection[str]) -> None:
    """These payments have come home: what was redirected meanwhile can be done."""
    _hurry(PaymentRequest.objects.filter(status__in=TO_DO, order_number__in=list(order_numbers)))


def work_off(numbers: Sequence[int] | None = None) -> int:
    """Of these requests, or of all that are due, those whose time has come. Returns how many came further."""
    if numbers is None:
        due = PaymentRequest.objects.filter(status__in=TO_DO, due_at__lte=timezone.now())
        numbers = list(due.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    return sum(_pursue(number) for number in numbers)


@transaction.atomic
def _pursue(number: int) -> bool:
    found = PaymentRequest.objects.filter(pk=number, status__in=TO_DO)
    order_number = found.values_list("order_number", flat=True).first()
    if order_number is None:
        return False
    payment = locked(order_number)
    row = found.select_for_update(skip_locked=True).first()
    if row is None:
        return False
    now = standing(order_number, before=number)
    if not _is_ready(row, now):
        row.due_at = timezone.now() + LOOK_AGAIN
        row.save(update_fields=["due_at"])
        return False
    if now.is_theirs:
        ask(row, row.request if row.asked_as is None else uuid4(), now.epoch)
        row.save()
    else:
        _do_here(row, payment)
    return True


def _is_ready(row: PaymentRequest, now: Standing) -> bool:
    """Nothing earlier is to be done first. And since it was redirected something has moved, or is lost on its way."""
    if now.must_wait:
        return False
    if row.status == Status.WAITING or not now.is_theirs or now.epoch != row.epoch:
        return True
    return timezone.now() - row.answered_at > ASK_ANEW


def _do_here(row: PaymentRequest, payment: Payment | None) -> None:
    """The payment has come home meanwhile."""
    try:
        with transaction.atomic():
            done = _done_here(row, payment)
    except ShopError as refused:
        row.code, row.reason = refused.code, str(refused)
        _close(row, Status.REFUSED)
        publish(_refused(row))
        return
    _close(row, Status.DONE)
    status, captured, refunded = (done.status, done.captured, done.refunded) if done else ("", ZERO, ZERO)
    publish(PaymentRequestDone(**_asked(row), status=status, captured_total=captured, refunded_total=refunded))


def _done_here(row: PaymentRequest, payment: Payment | None) -> Payment | None:
    """None where there was nothing to give back."""
    wanted = wanted_by(row)
    if payment is not None or wanted.makes_one:
        if wanted.makes_one and wanted.answer_by and wanted.answer_by < timezone.now():
            raise GatewayUnavailable(f"Order {wanted.order_number}: it is too late to be paid. Order again.")
        return do(wanted, payment)
    if wanted.action == "give_back":
        return None
    raise no_payment(row.order_number)


def _close(row: PaymentRequest, status: Status) -> None:
    """What came after it may be done now. The card is not needed any more."""
    row.status, row.answered_at, row.due_at, row.card_token = status, timezone.now(), None, ""
    row.save()
    _hurry(PaymentRequest.objects.filter(order_number=row.order_number, status=Status.WAITING))


def _open(event: PaymentAsked) -> PaymentRequest | None:
    """The request that this answers, locked, if it still waits for that."""
    return PaymentRequest.objects.select_for_update().filter(asked_as=event.request, status=Status.OPEN).first()


def _refused(row: PaymentRequest) -> PaymentRequestRefused:
    return PaymentRequestRefused(**_asked(row), code=row.code, reason=row.reason)


def _asked(row: PaymentRequest) -> dict[str, UUID | str]:
    return {"request": row.request, "order_number": row.order_number, "action": row.action}


def _hurry(requests: QuerySet[PaymentRequest]) -> None:
    numbers = list(requests.order_by("pk").values_list("pk", flat=True))
    if numbers:
        PaymentRequest.objects.filter(pk__in=numbers).update(due_at=timezone.now())
        _soon(numbers)


def _soon(numbers: Sequence[int]) -> None:
    """After the commit, since it takes locks in an order of its own. Whoever dies before leaves it to settle_payments.

    What it publishes belongs to the conversation at hand.
    """
    transaction.on_commit(partial(copy_context().run, work_off, numbers), robust=True)
