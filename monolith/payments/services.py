from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from monolith.errors import CaptureTooLarge, NotFound, RefundTooLarge
from monolith.money import ZERO
from monolith.notifications import services as notifications
from monolith.payments import gateway
from monolith.payments.events import PaymentAuthorised, PaymentCaptured, PaymentRefunded, PaymentVoided
from monolith.payments.models import LedgerEntry, Payment
from strangler.outbox import publish

Kind, Status = LedgerEntry.Kind, Payment.Status


@transaction.atomic
def authorise(
    order_number: str, *, amount: Decimal, currency: str, card_token: str, customer_email: str, customer_name: str
) -> Payment:
    """Sets `amount` aside at the customer's bank, to be captured later. Raises PaymentDeclined."""
    authorisation = gateway.authorise(card_token, amount, currency)
    payment = Payment.objects.create(
        order_number=order_number,
        customer_email=customer_email,
        customer_name=customer_name,
        currency=currency,
        authorised=amount,
        authorisation=authorisation,
    )
    _enter(payment, Kind.AUTHORISED, amount, authorisation)
    publish(PaymentAuthorised(**_told(payment), amount=amount, authorised_at=timezone.now()))
    return payment


@transaction.atomic
def capture(order_number: str, amount: Decimal | None = None) -> Payment:
    """Takes `amount`, or all that is still authorised, and sends the receipt. Raises NotFound, CaptureTooLarge."""
    payment = _locked(order_number)
    amount = payment.capturable if amount is None else amount
    if not 0 < amount <= payment.capturable:
        raise CaptureTooLarge(
            f"Order {order_number}: {amount} can't be captured; at most {payment.capturable} {payment.currency} can."
        )
    return _capture(payment, amount)


@transaction.atomic
def charge(order_number: str, **card_and_customer: Any) -> Payment:
    """Authorises and captures in one go; the arguments of `authorise`. Raises PaymentDeclined."""
    payment = authorise(order_number, **card_and_customer)
    return _capture(payment, payment.authorised)


@transaction.atomic
def refund(order_number: str, amount: Decimal | None = None) -> Payment:
    """Gives back `amount`, or everything: all that is left of what was captured, and nothing more will be taken.

    Raises NotFound, RefundTooLarge.
    """
    payment = _locked(order_number)
    if not payment.captured:
        raise RefundTooLarge(
            f"Order {order_number}: nothing is paid yet, so nothing can be refunded; cancel it instead."
        )
    if amount is None and not payment.fully_refunded:
        return _close(payment)
    if amount is None or not 0 < amount <= payment.refundable:
        raise RefundTooLarge(
            f"Order {order_number}: {amount or ZERO} can't be refunded; "
            f"at most {payment.refundable} {payment.currency} can."
        )
    return _refund(payment, amount)


@transaction.atomic
def give_back(order_number: str) -> Payment:
    """For an order that will not be fulfilled: refunds what is captured and lets go of the rest. Nothing left is fine.

    Raises NotFound.
    """
    return _close(_locked(order_number))


def _close(payment: Payment) -> Payment:
    unused = payment.capturable
    if payment.refundable:
        _refund(payment, payment.refundable)
    if unused:
        _void(payment, unused)
    return payment


def _capture(payment: Payment, amount: Decimal) -> Payment:
    payment.captured += amount
    payment.move_to(_status(payment))
    payment.save(update_fields=["captured", "status"])
    _enter(payment, Kind.CAPTURED, amount, gateway.capture(payment.authorisation, amount))
    captured = PaymentCaptured(
        **_told(payment), amount=amount, captured_total=payment.captured, captured_at=timezone.now()
    )
    notifications.notify(captured, order_number=payment.order_number, cause=publish(captured))
    return payment


def _refund(payment: Payment, amount: Decimal) -> Payment:
    payment.refunded += amount
    payment.move_to(_status(payment))
    payment.save(update_fields=["refunded", "status"])
    _enter(payment, Kind.REFUNDED, amount, gateway.refund(payment.authorisation, amount))
    refunded = PaymentRefunded(
        **_told(payment), amount=amount, refunded_total=payment.refunded, refunded_at=timezone.now()
    )
    notifications.notify(refunded, order_number=payment.order_number, cause=publish(refunded))
    return payment


def _void(payment: Payment, amount: Decimal) -> None:
    payment.move_to(Status.REFUNDED if payment.captured else Status.VOIDED)
    payment.save(update_fields=["status"])
    _enter(payment, Kind.VOIDED, amount, gateway.void(payment.authorisation, amount))
    publish(PaymentVoided(**_told(payment), amount=amount, voided_at=timezone.now()))


def _status(payment: Payment) -> Status:
    """Of a payment from which money was taken. Refunded it is only once nothing more can be taken."""
    fully_captured = payment.captured == payment.authorised
    if payment.refunded:
        return Status.REFUNDED if fully_captured and not payment.refundable else Status.PARTIALLY_REFUNDED
    return Status.CAPTURED if fully_captured else Status.PARTIALLY_CAPTURED


def _locked(order_number: str) -> Payment:
    payment = Payment.objects.select_for_update().filter(order_number=order_number).first()
    if payment is None:
        raise NotFound(f"There is no payment for order {order_number}.")
    return payment


def _enter(payment: Payment, kind: LedgerEntry.Kind, amount: Decimal, reference: str) -> None:
    LedgerEntry.objects.create(payment=payment, kind=kind, amount=amount, reference=reference)


def _told(payment: Payment) -> dict[str, str]:
    return {name: getattr(payment, name) for name in ("order_number", "customer_email", "customer_name", "currency")}
