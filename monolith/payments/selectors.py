from django.db.models import QuerySet

from monolith.payments.models import Payment


def payments() -> QuerySet[Payment]:
    return Payment.objects.prefetch_related("entries")
