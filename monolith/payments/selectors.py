from django.db.models import QuerySet

from monolith.errors import NotFound
from monolith.payments.models import Payment


def payments() -> QuerySet[Payment]:
    return Payment.objects.prefetch_related("entries")


def payment_of(order_number: str) -> Payment:
    """Raises NotFound."""
    payment = payments().filter(order_number=order_number).first()
    if payment is None:
        raise NotFound(f"There is no payment for order {order_number}.")
    return payment
