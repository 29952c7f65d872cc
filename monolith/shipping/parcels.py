"""A parcel from the packing table to the customer's door.

Each use case locks the order first: events about one order then leave in the order in which things happened to it.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from monolith.notifications import services as notifications
from monolith.orders import services as orders
from monolith.orders.models import Order
from monolith.shipping.events import Parcel, ShipmentDelivered, ShipmentDispatched, ShipmentLost
from monolith.shipping.models import Shipment, TrackingEvent
from strangler.outbox import publish

Status = Shipment.Status


@transaction.atomic
def dispatch(shipment: Shipment, *, carrier: str, tracking_number: str) -> Shipment:
    """The carrier has it; the customer is told. Raises IllegalTransition."""
    shipment = _locked(shipment)
    shipment.move_to(Status.DISPATCHED)
    shipment.carrier, shipment.tracking_number = carrier, tracking_number
    shipment.dispatched_at = timezone.now()
    shipment.save(update_fields=["status", "carrier", "tracking_number", "dispatched_at"])
    dispatched = ShipmentDispatched(
        **told(shipment), carrier=carrier, tracking_number=tracking_number, dispatched_at=shipment.dispatched_at
    )
    notifications.notify(dispatched, order_number=shipment.order.number, cause=publish(dispatched))
    return shipment


def report_tracking(shipment: Shipment, status: str, place: str, reported_at: datetime) -> TrackingEvent:
    """What the carrier says, once, however often it says so."""
    event, _ = TrackingEvent.objects.get_or_create(
        shipment=shipment, status=status, reported_at=reported_at, defaults={"place": place}
    )
    return event


@transaction.atomic
def deliver(shipment: Shipment) -> Shipment:
    """The customer has it; with the last parcel the whole order is delivered. Raises IllegalTransition."""
    shipment = _locked(shipment)
    shipment.move_to(Status.DELIVERED)
    shipment.delivered_at = timezone.now()
    shipment.save(update_fields=["status", "delivered_at"])
    publish(ShipmentDelivered(**told(shipment), delivered_at=shipment.delivered_at))
    _finish(shipment.order)
    return shipment


@transaction.atomic
def declare_lost(shipment: Shipment) -> Shipment:
    """The carrier has given up. Refunding is a decision of its own. Raises IllegalTransition."""
    shipment = _locked(shipment)
    shipment.move_to(Status.LOST)
    shipment.save(update_fields=["status"])
    publish(ShipmentLost(**told(shipment), carrier=shipment.carrier, tracking_number=shipment.tracking_number))
    _finish(shipment.order)
    return shipment


def told(shipment: Shipment) -> dict[str, object]:
    """What every event about a parcel carries."""
    lines = shipment.lines.select_related("order_line")
    return {
        "order_number": shipment.order.number,
        "shipment_number": shipment.number,
        "customer_email": shipment.order.customer_email,
        "customer_name": shipment.order.customer_name,
        "warehouse": shipment.warehouse,
        "lines": [Parcel(sku=line.order_line.sku, name=line.order_line.name, quantity=line.quantity) for line in lines],
    }


def _locked(shipment: Shipment) -> Shipment:
    order = Order.objects.select_for_update().get(pk=shipment.order_id)
    shipment = Shipment.objects.get(pk=shipment.pk)
    shipment.order = order
    return shipment


def _finish(order: Order) -> None:
    """An order of which something is still to be shipped goes on, and one refunded meanwhile stays refunded."""
    under_way = order.shipments.filter(status__in=[Status.PACKED, Status.DISPATCHED]).exists()
    arrived = order.shipments.filter(status=Status.DELIVERED).exists()
    if arrived and not under_way and order.may_become(Order.Status.DELIVERED):
        orders.record_delivery(order)
