"""What is compared with the payments service: it has a copy, or owns the payment and is compared with the copy here."""

from django.db.models import QuerySet

from monolith.payments.models import Payment
from strangler.cutover import parity


@parity("payments", "payments", key="order_number", backfill="payments.payments")
def payments() -> QuerySet:
    sums = ("authorised", "captured", "refunded")
    return Payment.objects.order_by().values("order_number", "status", "currency", *sums)
