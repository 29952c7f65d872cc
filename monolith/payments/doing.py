"""Money taken and given back by this side, through the gateway in this process: what it does with payments it owns.

Callers hold the payment's row, and have seen that it is theirs.
"""

from decimal import Decimal

from django.utils import timezone

from monolith.notifications import services as notifications
from monolith.payments import gateway
from monolith.payments.events import PaymentAuthorised, PaymentCaptured, PaymentRefunded, PaymentVoided
from monolith.payments.models import LedgerEntry, Payment
from monolith.payments.sums import checked_capture, checked_refund, sums_of
from monolith.payments.wanted import Wanted
from strangler.outbox import publish

Kind, Status = LedgerEntry.Kind, Payment.Status


def do(wanted: Wanted, payment: Payment | None) -> Payment:
    """One that is there is not made again. Raises PaymentDeclined, CaptureTooLarge, RefundTooLarge."""
    if payment is None:
        payment = _authorise(wanted)
        return _capture(payment, payment.authorised) if wanted.action == "charge" else payment
    if wanted.makes_one:
        return payment
    if wanted.action == "capture":
        return _capture(payment, checked_capture(wanted, sums_of(payment)))
    if wanted.action == "refund" and (amount := checked_refund(wanted, sums_of(payment))) is not None:
        return _refund(payment, amount)
    return _close(payment)


def _authorise(wanted: Wanted) -> Payment:
    authorisation = gateway.authorise(wanted.card_token, wanted.amount, wanted.currency, wanted.order_number)
    payment = Payment.objects.create(
        order_number=wanted.order_number,
        customer_email=wanted.customer_email,
        customer_name=wanted.customer_name,
        currency=wanted.currency,
        authorised=wanted.amount,
        authorisation=authorisation,
    )
    _enter(payment, Kind.AUTHORISED, wanted.amount, authorisation)
    told = _told(payment, wanted.amount, authorisation)
    publish(PaymentAuthorised(**told, authorised_at=timezone.now()))
    return payment


def _close(payment: Payment) -> Payment:
    unused = payment.capturable
    if payment.refundable:
        _refund(payment, payment.refundable)
    if unused:
        _void(payment, unused)
    return payment


def _capture(payment: Payment, amount: Decimal) -> Payment:
    payment.captured += amount
    payment.move_to(status_of(payment))
    payment.save(update_fields=["captured", "status"])
    reference = gateway.capture(payment.authorisation, amount)
    _enter(payment, Kind.CAPTURED, amount, reference)
    told = _told(payment, amount, reference)
    captured = PaymentCaptured(**told, captured_total=payment.captured, captured_at=timezone.now())
    notifications.notify(captured, order_number=payment.order_number, cause=publish(captured))
    return payment


def _refund(payment: Payment, amount: Decimal) -> Payment:
    payment.refunded += amount
    payment.move_to(status_of(payment))
    payment.save(update_fields=["refunded", "status"])
    reference = gateway.refund(payment.authorisation, amount)
    _enter(payment, Kind.REFUNDED, amount, reference)
    told = _told(payment, amount, reference)
    refunded = PaymentRefunded(**told, refunded_total=payment.refunded, refunded_at=timezone.now())
    notifications.notify(refunded, order_number=payment.order_number, cause=publish(refunded))
    return payment


def _void(payment: Payment, amount: Decimal) -> None:
    payment.move_to(Status.REFUNDED if payment.captured else Status.VOIDED)
    payment.save(update_fields=["status"])
    reference = gateway.void(payment.authorisation, amount)
    _enter(payment, Kind.VOIDED, amount, reference)
    publish(PaymentVoided(**_told(payment, amount, reference), voided_at=timezone.now()))


def status_of(payment: Payment) -> Status:
    """Of a payment from which money was taken. Refunded it is only once nothing more can be taken."""
    fully_captured = payment.captured == payment.authorised
    if payment.refunded:
        return Status.REFUNDED if fully_captured and not payment.refundable else Status.PARTIALLY_REFUNDED
    return Status.CAPTURED if fully_captured else Status.PARTIALLY_CAPTURED


def _enter(payment: Payment, kind: LedgerEntry.Kind, amount: Decimal, reference: str) -> None:
    LedgerEntry.objects.create(payment=payment, kind=kind, amount=amount, reference=reference)


def _told(payment: Payment, amount: Decimal, reference: str) -> dict[str, object]:
    names = ("order_number", "customer_email", "customer_name", "currency", "authorisation", "status")
    return {**{name: getattr(payment, name) for name in names}, "amount": amount, "reference": reference}
