"""What has become of the money of a payment, or will have, and what can be done with the rest. No database here."""

from dataclasses import dataclass, replace
from decimal import Decimal

from monolith.errors import CaptureTooLarge, RefundTooLarge
from monolith.money import ZERO
from monolith.payments.models import Payment
from monolith.payments.wanted import Wanted


@dataclass(frozen=True, slots=True)
class Sums:
    """`closed`: nothing more can be taken, whatever is authorised."""

    authorised: Decimal
    captured: Decimal
    refunded: Decimal
    currency: str
    closed: bool

    @property
    def capturable(self) -> Decimal:
        return ZERO if self.closed else self.authorised - self.captured

    @property
    def refundable(self) -> Decimal:
        return self.captured - self.refunded

    def after(self, wanted: Wanted) -> "Sums":
        """Once that is done. Raises CaptureTooLarge and RefundTooLarge, where it can't be."""
        if wanted.action == "capture":
            return replace(self, captured=self.captured + checked_capture(wanted, self))
        if wanted.action == "refund" and (amount := checked_refund(wanted, self)) is not None:
            return replace(self, refunded=self.refunded + amount)
        return replace(self, refunded=self.captured, closed=True)


def sums_of(payment: Payment) -> Sums:
    closed = payment.status in {Payment.Status.VOIDED, Payment.Status.REFUNDED}
    return Sums(payment.authorised, payment.captured, payment.refunded, payment.currency, closed)


def checked_capture(wanted: Wanted, now: Sums) -> Decimal:
    """How much is taken. Raises CaptureTooLarge."""
    amount = now.capturable if wanted.amount is None else wanted.amount
    if not 0 < amount <= now.capturable:
        raise CaptureTooLarge(
            f"Order {wanted.order_number}: {amount} can't be captured; at most {now.capturable} {now.currency} can."
        )
    return amount


def checked_refund(wanted: Wanted, now: Sums) -> Decimal | None:
    """How much is given back; None is everything, and nothing more will be taken. Raises RefundTooLarge."""
    amount = wanted.amount
    if not now.captured:
        raise RefundTooLarge(
            f"Order {wanted.order_number}: nothing is paid yet, so nothing can be refunded; cancel it instead."
        )
    if amount is None and (now.refundable or now.capturable):
        return None
    if amount is None or not 0 < amount <= now.refundable:
        raise RefundTooLarge(
            f"Order {wanted.order_number}: {amount or ZERO} can't be refunded; "
            f"at most {now.refundable} {now.currency} can."
        )
    return amount
