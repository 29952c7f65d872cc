"""What is compared with the monolith's tables: on both sides the one owns it, and the other has the copy."""

from django.db.models import QuerySet

from extracted.payments.selectors import payments as all_payments
from strangler.cutover import parity_copy


@parity_copy("payments", key="order_number")
def payments() -> QuerySet:
    """A declined card leaves nothing on either side."""
    told = ("order_number", "status", "currency", "authorised", "captured", "refunded")
    return all_payments().order_by().values(*told)
