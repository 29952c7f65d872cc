"""Calls of the gateway that are due: claimed in a short transaction, made in none, settled in one.

A worker that dies leaves a call that is due again once its lease is over, and made again under the same idempotency
key: the gateway has done it once. Retries wait longer each time, with full jitter, and the time is in the row.
Source: Marc Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).
"""

import random
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from extracted.payments import answering, books, breaker, deferring, moving, requests
from extracted.payments.domain import deciding
from extracted.payments.gateway import Outcome, Unavailable
from extracted.payments.models import GatewayAttempt, GatewayCall, PaymentRequest

BACKOFF, BACKOFF_MAX = 0.5, 60.0  # seconds
Status = GatewayCall.Status

# Those that wait longest first. Materialized: as a part of a join PostgreSQL could run it again, and take more.
CLAIM = """
    WITH due AS MATERIALIZED (
        SELECT id FROM payments_gatewaycall WHERE status = 'due' AND due_at <= clock_timestamp()
        ORDER BY due_at LIMIT %(size)s FOR UPDATE SKIP LOCKED),
    claimed AS (
        UPDATE payments_gatewaycall call
        SET attempts = attempts + 1, due_at = clock_timestamp() + interval '1 second' * %(lease)s
        FROM due WHERE call.id = due.id
        RETURNING call.id, attempts)
    INSERT INTO payments_gatewayattempt (call_id, number, started_at, outcome)
    SELECT id, attempts, clock_timestamp(), '' FROM claimed
    RETURNING call_id
"""
NEXT = "SELECT extract(epoch FROM min(due_at) - clock_timestamp()) FROM payments_gatewaycall WHERE status = 'due'"

log = structlog.get_logger(__name__)


def claim(size: int) -> list[GatewayCall]:
    """Up to `size`, less where the breaker says so. Each has its attempt written down before it is made."""
    waits = next_due()
    if waits is None or waits > 0 or not (allowed := breaker.calls_allowed(size, lease=lease())):
        return []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(CLAIM, {"size": allowed, "lease": lease()})
        ids = [pk for (pk,) in cursor.fetchall()]
    return list(GatewayCall.objects.filter(pk__in=ids).order_by("id"))


def settle(call: GatewayCall, outcome: Outcome) -> None:
    """What came of an attempt: in stream, read model, outbox and answer, in one transaction.

    An outcome that came twice, or too late for what was claimed, changes nothing more than the attempt's row.
    """
    if isinstance(outcome, Unavailable):
        breaker.failed(outcome.reason)
    else:
        breaker.succeeded()
    with transaction.atomic():
        attempt = GatewayAttempt.objects.filter(call=call, number=call.attempts)
        attempt.update(ended_at=timezone.now(), outcome=_in_words(outcome))
        if isinstance(outcome, Unavailable):
            _try_again(call, outcome)
        else:
            _end(call, outcome)


def lease() -> float:
    """Seconds after which others take a worker for dead."""
    return 2 * settings.GATEWAY_TIMEOUT + 5.0


def next_due() -> float | None:
    """Seconds until a call is due, negative where it is already; None where nothing is to be called."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT)
        (seconds,) = cursor.fetchone()
    return None if seconds is None else float(seconds)


def backoff(attempts: int) -> timedelta:
    most = min(BACKOFF_MAX, BACKOFF * 2 ** min(attempts, 30))
    return timedelta(seconds=random.uniform(0, most))  # noqa: S311  (jitter, no secret)


def _try_again(call: GatewayCall, outcome: Unavailable) -> None:
    ours = GatewayCall.objects.filter(pk=call.pk, status=Status.DUE, attempts=call.attempts)
    ours.update(due_at=Now() + backoff(call.attempts), last_error=outcome.reason)
    deferring.defer([call.order_number])
    log.warning("gateway_call_failed", call=str(call.call), attempts=call.attempts, error=outcome.reason)


def _end(call: GatewayCall, outcome: deciding.Succeeded | deciding.Denied) -> None:
    book = books.opened([call.order_number])[call.order_number]
    row = GatewayCall.objects.select_for_update().get(pk=call.pk)
    if row.status != Status.DUE:
        return
    done = isinstance(outcome, deciding.Succeeded)
    row.status, row.settled_at, row.card_token = Status.DONE if done else Status.REFUSED, timezone.now(), ""
    row.reference = outcome.reference if isinstance(outcome, deciding.Succeeded) else ""
    row.last_error = outcome.reason if isinstance(outcome, deciding.Denied) else ""
    row.save(update_fields=["status", "settled_at", "card_token", "reference", "last_error"])
    with answering.conversation(PaymentRequest.objects.filter(request=row.request).first()):
        book.add(deciding.settle(book.state, book.order_number, row.call, outcome))
        requests.go_on(book)
        books.save([book])
        moving.give_up_if_recalled(book)


def _in_words(outcome: Outcome) -> str:
    if isinstance(outcome, deciding.Succeeded):
        return f"done: {outcome.reference}"
    kind = "no answer" if isinstance(outcome, Unavailable) else "refused"
    return f"{kind}: {outcome.reason}"
