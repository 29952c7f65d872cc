from collections.abc import Iterable, Sequence

from monolith.customers import telling
from monolith.customers.models import Customer
from strangler.cutover import backfill
from strangler.messaging import Event


@backfill("customers.customers", rows=Customer.objects.all, version=1)
def tell(customers: Sequence[Customer]) -> Iterable[Event]:
    return telling.told_again(customers)
