"""What is compared with the monolith's tables: of the generation that answers."""

from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Cast, Concat

from extracted.reporting.models import MovementFact, OrderFact, SalesDay, Serving
from strangler.cutover import parity_copy


@parity_copy("orders", key="number")
def orders() -> QuerySet:
    """Of an order of which only its end is known nobody can say more yet than that it is not there."""
    placed = OrderFact.objects.filter(generation__in=_serving(), placed_at__isnull=False)
    return placed.values("number", "customer_id", "placed_at", "currency", "total", "cancelled", "refunded")


@parity_copy("movements", key="id")
def movements() -> QuerySet:
    """Entries of the stock ledger."""
    kept = MovementFact.objects.filter(generation__in=_serving())
    return kept.values("quantity", "reason", "sku", id=F("movement"))


@parity_copy("sales_by_day", key="place")
def sales_by_day() -> QuerySet:
    place = Concat(Cast("day", CharField()), Value(" "), F("currency"), output_field=CharField())
    days = SalesDay.objects.filter(generation__in=_serving()).annotate(place=place)
    return days.values("place", "orders", "revenue")


def _serving() -> QuerySet:
    return Serving.objects.values("generation")
