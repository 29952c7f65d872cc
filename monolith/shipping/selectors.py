from collections import Counter
from typing import Any

from django.db.models import QuerySet, Sum

from monolith.errors import NotFound
from monolith.inventory.selectors import warehouses
from monolith.orders.models import Order
from monolith.shipping.models import Return, ReturnLine, Shipment, ShipmentLine
from monolith.shipping.rates import methods_to
from monolith.shipping.rates import quote as shipping_cost

__all__ = [
    "methods_to",
    "packing_list",
    "return_visible_to",
    "returnable",
    "returns_visible_to",
    "shipment_visible_to",
    "shipments_visible_to",
    "shipping_cost",
    "unshipped",
    "warehouse_names",
]


def shipments_visible_to(user: Any) -> QuerySet[Shipment]:
    """Staff see every parcel, a customer only her own."""
    shipments = Shipment.objects.select_related("order").prefetch_related("lines__order_line", "tracking")
    return shipments if user.is_staff else shipments.filter(order__customer__user_id=user.pk)


def shipment_visible_to(user: Any, number: str) -> Shipment:
    """Raises NotFound."""
    shipment = shipments_visible_to(user).filter(number=number.upper()).first()
    if shipment is None:
        raise NotFound(f"You have no parcel {number}; the order's page lists its parcels.")
    return shipment


def returns_visible_to(user: Any) -> QuerySet[Return]:
    returns = Return.objects.select_related("order").prefetch_related("lines__order_line")
    return returns if user.is_staff else returns.filter(order__customer__user_id=user.pk)


def return_visible_to(user: Any, number: str) -> Return:
    """Raises NotFound."""
    returned = returns_visible_to(user).filter(number=number.upper()).first()
    if returned is None:
        raise NotFound(f"You have no return {number}; the order's page lists its returns.")
    return returned


def packing_list(warehouse_code: str = "") -> QuerySet[ShipmentLine]:
    """What lies packed and waits for the carrier, parcel by parcel, oldest first; of one warehouse, or of all."""
    waiting = ShipmentLine.objects.filter(shipment__status=Shipment.Status.PACKED)
    if warehouse_code:
        waiting = waiting.filter(shipment__warehouse=warehouse_code)
    # Tangle: one query through the tables of four contexts. Moving any of them to a service breaks this page.
    return waiting.select_related("shipment__order__customer", "order_line__variant__product").order_by(
        "shipment__packed_at", "id"
    )


def warehouse_names() -> dict[str, str]:
    """By code, of inventory's: for people to read."""
    return {warehouse.code: warehouse.name for warehouse in warehouses()}


def unshipped(order: Order) -> dict[str, int]:
    """Units by SKU that no parcel holds yet."""
    shipped = counted(ShipmentLine.objects.filter(shipment__order=order))
    left = {line.sku: line.quantity - shipped[line.pk] for line in order.lines.all()}
    return {sku: quantity for sku, quantity in left.items() if quantity}


def returnable(order: Order) -> dict[str, int]:
    """Units by SKU that were delivered and are in no return, unless that one was rejected."""
    delivered = counted(ShipmentLine.objects.filter(shipment__order=order, shipment__status=Shipment.Status.DELIVERED))
    back = counted(ReturnLine.objects.filter(returned__order=order).exclude(returned__status=Return.Status.REJECTED))
    left = {line.sku: delivered[line.pk] - back[line.pk] for line in order.lines.all()}
    return {sku: quantity for sku, quantity in left.items() if quantity}


def counted(lines: QuerySet[ShipmentLine] | QuerySet[ReturnLine]) -> Counter[int]:
    """Units per order line."""
    return Counter(dict(lines.order_by().values_list("order_line_id").annotate(Sum("quantity"))))
