"""What is compared with the monolith's tables: on both sides the one owns it, and the other has the copy."""

from django.db.models import CharField, F, QuerySet, Sum, Value
from django.db.models.functions import Concat

from extracted.inventory.models import Reservation, StockItem, StockMovement, Warehouse
from strangler.cutover import parity_copy


@parity_copy("warehouses", key="code")
def warehouses() -> QuerySet:
    """Copies, in every stage."""
    return Warehouse.objects.order_by().values("code", "name", "country", "priority", "active")


@parity_copy("stock", key="place")
def stock() -> QuerySet:
    """`place` is "<SKU> <warehouse>". What was never more than nothing may be missing on a side."""
    places = StockItem.objects.order_by().exclude(on_hand=0, reserved=0)
    return places.annotate(place=_place("sku", "warehouse__code")).values("place", "on_hand", "reserved")


@parity_copy("promises", key="place")
def promises() -> QuerySet:
    """Active ones, as units by "<reference> <SKU> <warehouse>": each side may keep them in rows of its own."""
    active = Reservation.objects.order_by().filter(status=Reservation.Status.ACTIVE)
    place = _place("reference", "item__sku", "item__warehouse__code")
    return active.annotate(place=place).values("place").annotate(units=Sum("quantity"))


@parity_copy("movements", key="id")
def movements() -> QuerySet:
    """Entries of the stock ledger, under the same numbers on both sides."""
    return StockMovement.objects.order_by().values("id", "quantity", "reason", sku=F("item__sku"))


def _place(*names: str) -> Concat:
    parts = [part for name in names for part in (Value(" "), F(name))][1:]
    return Concat(*parts, output_field=CharField())
