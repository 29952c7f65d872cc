from django.db.models import Case, Q, QuerySet, Value, When

from monolith.orders.models import Order
from strangler.cutover import parity


@parity("reporting", "orders", key="number", backfill="orders.orders")
def orders() -> QuerySet:
    return Order.objects.order_by().values(
        "number",
        "total",
        "currency",
        "customer_id",
        "placed_at",
        cancelled=_is(Order.Status.CANCELLED),
        refunded=_is(Order.Status.REFUNDED),
    )


def _is(status: Order.Status) -> Case:
    return Case(When(Q(status=status), then=Value(True)), default=Value(False))
