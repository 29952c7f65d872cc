from collections.abc import Sequence

from monolith.payments.events import PaymentTold
from monolith.payments.models import Payment
from monolith.payments.owners import elsewhere
from monolith.payments.telling import whole_of
from strangler.cutover import backfill


@backfill("payments.payments", rows=Payment.objects.all, version=1)
def tell(payments: Sequence[Payment]) -> list[PaymentTold]:
    """As they are now. What the service owns, it knows better."""
    theirs = elsewhere([payment.order_number for payment in payments])
    return [PaymentTold(**whole_of(payment)) for payment in payments if payment.order_number not in theirs]
