from collections.abc import Iterable, Sequence

from monolith.orders import telling
from monolith.orders.models import Order
from strangler.cutover import backfill
from strangler.messaging import Event


@backfill("orders.orders", rows=lambda: Order.objects.ever_placed().prefetch_related("lines"), version=1)
def tell(orders: Sequence[Order]) -> Iterable[Event]:
    return telling.told_again(orders)
