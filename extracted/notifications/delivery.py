"""Sends the e-mails that were written down, at least once each.

A row is claimed with `FOR UPDATE SKIP LOCKED`, sent, and marked in the same transaction, one row per transaction: any
number of processes may deliver at once and none sends what another is sending. SMTP has no transactions, so one gap
remains: a process killed after the mail server said yes and before the commit leaves the row pending, and the mail goes
out a second time. It carries the same Message-ID then, by which mail clients and servers recognise the double.

The consumer sends right after the commit, before it takes more of the same lane: a mail server that hangs slows the
group down (at most EMAIL_TIMEOUT for each e-mail) and loses nothing. `deliver_emails --loop` must run beside it.
"""

from collections.abc import Callable
from datetime import timedelta

import structlog
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from extracted.notifications.models import Email

MAX_ATTEMPTS = 8
FIRST_RETRY, LONGEST_RETRY = timedelta(seconds=5), timedelta(hours=1)

log = structlog.get_logger(__name__)


def deliver_one(pk: int) -> bool:
    """Whether it was sent now: no, where another process has it in hand, it is sent already, or the send failed."""
    email = _deliver_next(Email.objects.filter(pk=pk))
    return email is not None and email.status == Email.Status.SENT


def deliver_due(stopping: Callable[[], bool] = lambda: False) -> tuple[int, int]:
    """Sends everything that is due, or until told to stop; returns how many went out and how many didn't."""
    sent = failed = 0
    while not stopping() and (email := _deliver_next(Email.objects.order_by("due_at", "id"))) is not None:
        if email.status == Email.Status.SENT:
            sent += 1
        else:
            failed += 1
    return sent, failed


@transaction.atomic
def _deliver_next(emails: QuerySet[Email]) -> Email | None:
    due = emails.filter(status=Email.Status.PENDING, due_at__lte=Now())
    email = due.select_for_update(skip_locked=True).first()
    if email is not None:
        _send(email)
        email.save(update_fields=["status", "attempts", "last_error", "due_at", "sent_at"])
    return email


def _send(email: Email) -> None:
    message = EmailMessage(email.subject, email.body, to=[email.address], headers={"Message-ID": email.message_id})
    email.attempts += 1
    try:
        message.send()
    except Exception as error:  # noqa: BLE001  a backend may raise anything; one bad e-mail must not stop the rest
        _put_off(email, error)
    else:
        email.status, email.sent_at, email.last_error = Email.Status.SENT, timezone.now(), ""


def _put_off(email: Email, error: Exception) -> None:
    log.warning("e-mail not sent", email=email.pk, attempts=email.attempts, error=repr(error))
    email.last_error = repr(error)
    email.due_at = Now() + min(FIRST_RETRY * 2 ** (email.attempts - 1), LONGEST_RETRY)
    if email.attempts >= MAX_ATTEMPTS:
        email.status = Email.Status.FAILED
