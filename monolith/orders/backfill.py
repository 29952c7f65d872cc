from collections.abc import Iterable, Sequence

from monolith.orders.events import OrderEvent
from monolith.orders.models import Order
from monolith.orders.telling import told_again
from strangler.cutover import backfill


@backfill("orders.orders", rows=lambda: Order.objects.prefetch_related("lines"), version=1)
def tell(orders: Sequence[Order]) -> Iterable[OrderEvent]:
    return told_again(orders)
