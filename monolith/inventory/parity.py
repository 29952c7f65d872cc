"""What is compared with the services that live on this stock. One that owns a SKU is compared with the copy here."""

from django.db.models import CharField, F, QuerySet, Sum, Value
from django.db.models.functions import Concat

from monolith.inventory.models import Reservation, StockItem, StockMovement, Warehouse
from strangler.cutover import parity


@parity("inventory", "movements", key="id", backfill="inventory.movements")
@parity("reporting", "movements", key="id", backfill="inventory.movements")
def movements() -> QuerySet:
    """A loss that was only noted moved nothing, and was told to nobody."""
    moved = StockMovement.objects.order_by().exclude(quantity=0)
    return moved.values("id", "quantity", "reason", sku=F("item__sku"))


@parity("inventory", "warehouses", key="code", backfill="inventory.warehouses")
def warehouses() -> QuerySet:
    """In every stage the service's are copies of these."""
    return Warehouse.objects.order_by().values("code", "name", "country", "priority", "active")


@parity("inventory", "stock", key="place", backfill="inventory.places")
def stock() -> QuerySet:
    """`place` is "<SKU> <warehouse>". What was never more than nothing may be missing on a side."""
    return places().exclude(on_hand=0, reserved=0).values("place", "on_hand", "reserved")


@parity("inventory", "promises", key="place", backfill="inventory.promises")
def promises() -> QuerySet:
    """Active ones, as units by "<reference> <SKU> <warehouse>": each side may keep them in rows of its own."""
    return active_promises().values("place").annotate(units=Sum("quantity"))


def places() -> QuerySet[StockItem]:
    return StockItem.objects.order_by().annotate(place=_joined("sku", "warehouse__code"))


def active_promises() -> QuerySet[Reservation]:
    active = Reservation.objects.order_by().filter(status=Reservation.Status.ACTIVE)
    return active.annotate(place=_joined("reference", "item__sku", "item__warehouse__code"))


def _joined(*names: str) -> Concat:
    parts = [part for name in names for part in (Value(" "), F(name))][1:]
    return Concat(*parts, output_field=CharField())
