"""Writes e-mails down. Sending is `delivery.py`'s business."""

from uuid import NAMESPACE_URL, uuid5

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.template.loader import render_to_string

from extracted.notifications import delivery
from extracted.notifications.events import AboutAnOrder
from extracted.notifications.models import Email


@transaction.atomic
def notify(event: AboutAnOrder, *, template: str, cause: str) -> Email:
    """One e-mail per cause (the id of the event's message), address and template, sent after the commit.

    The send is robust: a mail server that is down must not turn a handled message into a failed one, which would hold
    up every later message of the order; `deliver_emails` sends what is left.
    """
    address = event.customer_email
    email, _ = Email.objects.get_or_create(
        cause=cause,
        address=address,
        template=template,
        defaults={
            "order_number": event.order_number,
            "subject": _render(template, "subject", event),
            "body": _render(template, "body", event),
            "message_id": message_id(cause, address, template),
        },
    )
    _deliver_after_commit(email)
    return email


@transaction.atomic
def send_again(email: Email) -> None:
    """For a person: the same e-mail under the same Message-ID, whatever became of it before."""
    Email.objects.filter(pk=email.pk).update(status=Email.Status.PENDING, attempts=0, last_error="", due_at=Now())
    _deliver_after_commit(email)


def message_id(cause: str, address: str, template: str) -> str:
    """The monolith's formula: the same event gives the same id, whichever side sends and however often."""
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">") or "localhost"
    return f"<{uuid5(NAMESPACE_URL, f'{cause}|{address}|{template}')}@{domain}>"


def _deliver_after_commit(email: Email) -> None:
    # A lambda, not functools.partial: Django names a robust callback in its log by __qualname__, which that lacks.
    transaction.on_commit(lambda: delivery.deliver_one(email.pk), robust=True)


def _render(template: str, part: str, event: AboutAnOrder) -> str:
    return render_to_string(f"notifications/{template}.{part}.txt", {"event": event}).strip()
