"""What must hold of payments after anything that anybody does."""

from decimal import Decimal

from django.db.models import Sum

from monolith.money import ZERO
from monolith.payments.models import LedgerEntry, Payment


def check_books() -> None:
    sums = LedgerEntry.objects.order_by().values_list("payment", "kind").annotate(Sum("amount"))
    booked = {(payment, kind): amount for payment, kind, amount in sums}
    for payment in Payment.objects.all():
        check(payment, {kind: booked.get((payment.pk, kind), ZERO) for kind in LedgerEntry.Kind.values})


def check(payment: Payment, books: dict[str, Decimal]) -> None:
    assert (books["authorised"], books["captured"], books["refunded"]) == (
        *(payment.authorised, payment.captured, payment.refunded),
    )
    assert payment.authorised >= payment.captured >= payment.refunded >= 0
    assert payment.authorised == payment.captured + payment.capturable + books["voided"]
    assert payment.status == expected_status(payment, books["voided"])


def expected_status(payment: Payment, voided: Decimal) -> str:
    closed = payment.captured + voided == payment.authorised
    if payment.refunded:
        return "refunded" if closed and payment.refunded == payment.captured else "partially_refunded"
    if voided:
        return "voided"
    if payment.captured:
        return "captured" if closed else "partially_captured"
    return "authorised"
