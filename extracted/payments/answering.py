"""The answers to requests, kept with them: whoever asks again gets the same one."""

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Any

from django.utils import timezone

from extracted.payments.domain.state import PaymentState
from extracted.payments.events import (
    PaymentAsked,
    PaymentRequestDone,
    PaymentRequested,
    PaymentRequestRedirected,
    PaymentRequestRefused,
)
from extracted.payments.models import PaymentRequest
from strangler.messaging import Envelope, decode, encode, open_as, working_for_message

Status = PaymentRequest.Status
ANSWERS: dict[str, type[PaymentAsked]] = {
    Status.DONE: PaymentRequestDone,
    Status.REFUSED: PaymentRequestRefused,
    Status.REDIRECTED: PaymentRequestRedirected,
}


def done(row: PaymentRequest, state: PaymentState) -> PaymentAsked:
    totals = {"captured_total": str(state.captured), "refunded_total": str(state.refunded)}
    return _close(row, Status.DONE, {"status": str(state.status), **totals})


def refused(row: PaymentRequest, code: str, reason: str) -> PaymentAsked:
    row.code, row.reason = code, reason
    return _close(row, Status.REFUSED, {"code": code, "reason": reason})


def redirected(row: PaymentRequest, epoch: int) -> PaymentAsked:
    return _close(row, Status.REDIRECTED, {"epoch": epoch})


def again(row: PaymentRequest) -> PaymentAsked:
    """What was answered."""
    asked: dict[str, Any] = {"request": row.request, "order_number": row.order_number, "action": row.action}
    return ANSWERS[row.status](**asked, **row.answer)


def save(rows: Iterable[PaymentRequest]) -> None:
    fields = ["status", "code", "reason", "answer", "card_token", "answered_at", "deferred_at"]
    PaymentRequest.objects.bulk_update(list(rows), fields)


def row_of(asked: PaymentRequested, message: Envelope, *, answer_by: datetime) -> PaymentRequest:
    told = asked.model_dump(include={"request", "order_number", "action", "amount", "currency", "card_token", "epoch"})
    kept = encode(message.model_copy(update={"data": {**message.data, "card_token": ""}}))
    return PaymentRequest(**told, message=kept, answer_by=answer_by)


def asked_in(row: PaymentRequest) -> PaymentRequested:
    """As it was asked, but for the card's token."""
    return open_as(decode(row.message), PaymentRequested)


def conversation(row: PaymentRequest | None) -> AbstractContextManager[object]:
    """What is told inside belongs to that of the request; without one, to whatever is in force."""
    return working_for_message(decode(row.message)) if row else nullcontext()


def _close(row: PaymentRequest, status: PaymentRequest.Status, answer: dict[str, Any]) -> PaymentAsked:
    row.status, row.answer, row.answered_at, row.card_token = status, answer, timezone.now(), ""
    return again(row)
