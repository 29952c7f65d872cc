from django.db.models import F, QuerySet

from monolith.inventory.models import StockMovement
from strangler.cutover import parity


@parity("reporting", "movements", key="id", backfill="inventory.movements")
def movements() -> QuerySet:
    """A loss that was only noted moved nothing, and was told to nobody."""
    moved = StockMovement.objects.order_by().exclude(quantity=0)
    return moved.values("id", "quantity", "reason", sku=F("item__sku"))
