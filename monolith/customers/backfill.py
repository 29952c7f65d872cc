from collections.abc import Iterable, Sequence

from monolith.customers.events import CustomerRegistered
from monolith.customers.models import Customer
from monolith.customers.telling import told_again
from strangler.cutover import backfill


@backfill("customers.customers", rows=Customer.objects.all, version=1)
def tell(customers: Sequence[Customer]) -> Iterable[CustomerRegistered]:
    return told_again(customers)
