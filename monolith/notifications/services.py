"""Writes e-mails down in the transaction that caused them. Sending is `delivery.py`'s business."""

from uuid import NAMESPACE_URL, UUID, uuid5

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.template.loader import render_to_string

from monolith.notifications import delivery
from monolith.notifications.models import Email
from monolith.orders.events import OrderAwaitsPayment, OrderCancelled, OrderPlaced, OrderRejected
from monolith.payments.events import PaymentCaptured, PaymentRefunded
from monolith.shipping.events import ReturnReceived, ShipmentDispatched
from strangler.cutover import monolith_serves
from strangler.cutover.stages import service_has, stamped_stage
from strangler.messaging import Envelope

TellsTheCustomer = (
    OrderPlaced
    | OrderAwaitsPayment
    | OrderRejected
    | OrderCancelled
    | PaymentCaptured
    | PaymentRefunded
    | ShipmentDispatched
    | ReturnReceived
)

TEMPLATES: dict[type[TellsTheCustomer], str] = {
    OrderPlaced: "order_confirmation",
    OrderAwaitsPayment: "order_awaits_payment",
    OrderRejected: "order_rejected",
    OrderCancelled: "order_cancelled",
    PaymentCaptured: "payment_receipt",
    PaymentRefunded: "refund",
    ShipmentDispatched: "shipment_dispatched",
    ReturnReceived: "return_received",
}


@transaction.atomic
def notify(event: TellsTheCustomer, *, order_number: str, cause: UUID) -> Email | None:
    """Writes the e-mail about `event` and sends it after the commit; None where the service has taken the job over.

    `cause` is the id under which the event was published: one e-mail per cause, address and template, whoever sends it.
    The send is robust: a mail server that is down must not turn a committed order into an error; `deliver_emails`
    sends what is left.
    """
    if not monolith_serves("notifications", key=order_number):
        return None
    return _write_down(event, order_number, cause)


@transaction.atomic
def notify_of_message(event: TellsTheCustomer, *, order_number: str, message: Envelope) -> Email | None:
    """The same for what another service has published: the stamp of its message says whose the e-mail is.

    One without a stamp is the monolith's, as for the service that writes e-mails (docs/adr/0004).
    """
    if service_has(stamped_stage(message, "notifications"), message.subject):
        return None
    return _write_down(event, order_number, message.id)


def _write_down(event: TellsTheCustomer, order_number: str, cause: UUID) -> Email:
    template, address = TEMPLATES[type(event)], event.customer_email
    email, _ = Email.objects.get_or_create(
        cause=str(cause),
        address=address,
        template=template,
        defaults={
            "order_number": order_number,
            "subject": _render(template, "subject", event),
            "body": _render(template, "body", event),
            "message_id": message_id(str(cause), address, template),
        },
    )
    transaction.on_commit(lambda: delivery.deliver_one(email.pk), robust=True)
    return email


@transaction.atomic
def send_again(email: Email) -> None:
    """For a person: the same e-mail under the same Message-ID, whatever became of it before."""
    Email.objects.filter(pk=email.pk).update(status=Email.Status.PENDING, attempts=0, last_error="", due_at=Now())
    transaction.on_commit(lambda: delivery.deliver_one(email.pk), robust=True)


def message_id(cause: str, address: str, template: str) -> str:
    """The same for every attempt and every sender, so that a mail client shows a mail sent twice once."""
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">") or "localhost"
    return f"<{uuid5(NAMESPACE_URL, f'{cause}|{address}|{template}')}@{domain}>"


def _render(template: str, part: str, event: TellsTheCustomer) -> str:
    return render_to_string(f"notifications/{template}.{part}.txt", {"event": event}).strip()
