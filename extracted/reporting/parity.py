"""What this service holds, as the shop compares it with its own: always that of the generation that answers."""

from django.db.models import F, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat

from extracted.reporting.models import MovementFact, OrderFact, SalesDay, Serving
from strangler.cutover import parity_copy

SERVING = Serving.objects.values("generation")[:1]


@parity_copy("orders", key="number")
def orders() -> QuerySet:
    """Also one of which only the cancellation was heard: the shop has all of it."""
    kept = OrderFact.objects.filter(generation=SERVING).order_by()
    return kept.values("number", "total", "currency", "customer_id", "placed_at", "cancelled", "refunded")


@parity_copy("movements", key="id")
def movements() -> QuerySet:
    kept = MovementFact.objects.filter(generation=SERVING).order_by()
    return kept.values("quantity", "reason", "sku", id=F("movement"))


@parity_copy("sales", key="day_and_currency")
def sales() -> QuerySet:
    counted = SalesDay.objects.filter(generation=SERVING, orders__gt=0).order_by()
    key = Concat(Cast("day", TextField()), Value(" "), "currency", output_field=TextField())
    return counted.values("orders", "revenue", day_and_currency=key)
