from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from monolith.errors import NotFound, RefundTooLarge
from monolith.notifications import services as notifications
from monolith.payments import gateway
from monolith.payments.events import PaymentCaptured, PaymentRefunded
from monolith.payments.models import LedgerEntry, Payment
from strangler.outbox import publish

Kind = LedgerEntry.Kind


@transaction.atomic
def charge(
    order_number: str, *, amount: Decimal, currency: str, card_token: str, customer_email: str, customer_name: str
) -> Payment:
    """Authorises and captures in one go, then sends the receipt. Raises PaymentDeclined."""
    authorisation = gateway.authorise(card_token, amount, currency)
    payment = Payment.objects.create(
        order_number=order_number,
        customer_email=customer_email,
        customer_name=customer_name,
        currency=currency,
        authorised=amount,
        captured=amount,
        authorisation=authorisation,
    )
    _enter(payment, Kind.AUTHORISED, amount, authorisation)
    _enter(payment, Kind.CAPTURED, amount, gateway.capture(authorisation, amount))
    captured = PaymentCaptured(**_order_and_customer(payment), amount=amount, captured_at=timezone.now())
    notifications.notify(captured, order_number=order_number, cause=publish(captured))
    return payment


@transaction.atomic
def refund(order_number: str, amount: Decimal | None = None) -> Payment:
    """Gives back `amount`, or all that is left. Raises NotFound, RefundTooLarge."""
    payment = Payment.objects.select_for_update().filter(order_number=order_number).first()
    if payment is None:
        raise NotFound(f"There is no payment for order {order_number}.")
    amount = payment.refundable if amount is None else amount
    if not 0 < amount <= payment.refundable:
        raise RefundTooLarge(
            f"Order {order_number}: {amount} can't be refunded; at most {payment.refundable} {payment.currency} can."
        )
    payment.refunded += amount
    payment.save(update_fields=["refunded"])
    _enter(payment, Kind.REFUNDED, amount, gateway.refund(payment.authorisation, amount))
    refunded = PaymentRefunded(
        **_order_and_customer(payment), amount=amount, refunded_total=payment.refunded, refunded_at=timezone.now()
    )
    notifications.notify(refunded, order_number=order_number, cause=publish(refunded))
    return payment


def _enter(payment: Payment, kind: LedgerEntry.Kind, amount: Decimal, reference: str) -> None:
    LedgerEntry.objects.create(payment=payment, kind=kind, amount=amount, reference=reference)


def _order_and_customer(payment: Payment) -> dict[str, str]:
    return {name: getattr(payment, name) for name in ("order_number", "customer_email", "customer_name", "currency")}
