from collections.abc import Iterable
from datetime import datetime

from django.db.models import Max, QuerySet

from monolith.errors import NotFound
from monolith.payments.models import LedgerEntry, Payment


def payments() -> QuerySet[Payment]:
    return Payment.objects.prefetch_related("entries")


def payment_of(order_number: str) -> Payment:
    """Raises NotFound."""
    payment = find_payment(order_number)
    if payment is None:
        raise NotFound(f"There is no payment for order {order_number}.")
    return payment


def find_payment(order_number: str) -> Payment | None:
    """None while the order is pending, and where it came to nothing."""
    return payments().filter(order_number=order_number).first()


def last_refunds(order_numbers: Iterable[str]) -> dict[str, datetime]:
    """When money was last given back, or set free again, by order number; without those that never were."""
    given_back = LedgerEntry.objects.filter(
        kind__in=[LedgerEntry.Kind.REFUNDED, LedgerEntry.Kind.VOIDED], payment__order_number__in=list(order_numbers)
    )
    return dict(given_back.order_by().values_list("payment__order_number").annotate(Max("created_at")))
