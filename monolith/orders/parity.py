from django.db.models import Case, F, Q, QuerySet, Value, When

from monolith.orders.models import Order
from strangler.cutover import parity


@parity("reporting", "orders", key="number", backfill="orders.orders")
def orders() -> QuerySet:
    return Order.objects.order_by().values(
        "number",
        "total",
        "currency",
        customer=F("customer_id"),
        cancelled=_is(Order.Status.CANCELLED),
        refunded=_is(Order.Status.REFUNDED),
        placed=F("placed_at"),
    )


def _is(status: Order.Status) -> Case:
    return Case(When(Q(status=status), then=Value(True)), default=Value(False))
