"""What the read model must hold, as this side has it. Its names and keys are those of the service's `parity.py`."""

from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Cast, Concat

from monolith.reporting.models import DailySales
from monolith.reporting.selectors import orders_by_state
from strangler.cutover import parity


@parity("reporting", "orders", key="number", backfill="orders.orders")
def orders() -> QuerySet:
    return orders_by_state().values("number", "customer_id", "placed_at", "currency", "total", "cancelled", "refunded")


@parity("reporting", "sales_by_day", key="place")
def sales_by_day() -> QuerySet:
    """By day and currency, written as one key. A difference here is one of orders, and mended there."""
    place = Concat(Cast("day", CharField()), Value(" "), F("currency"), output_field=CharField())
    return DailySales.objects.annotate(place=place).values("place", "orders", "revenue")
