import factory
from django.utils import timezone

from monolith.orders.factories import OrderFactory
from monolith.shipping import carrier
from monolith.shipping.models import PackingJob, Return, ReturnLine, Shipment, ShipmentLine, TrackingEvent
from monolith.shipping.services import deliver, dispatch, receive_return, reject_return, request_return, ship

Status = Shipment.Status


class ShipmentFactory(factory.Factory):
    """A parcel as the shop makes one: packed by `ship()`, and moved on to `status` by the shop's own services."""

    class Meta:
        model = Shipment

    order = factory.SubFactory(OrderFactory)
    quantities = None
    status = Status.PACKED

    @classmethod
    def _create(cls, _model: type[Shipment], *_args: object, **kwargs: object) -> Shipment:
        shipment = ship(kwargs["order"], kwargs["quantities"])[0]
        shipment.refresh_from_db()  # where transactions really commit, the carrier has it by now
        if kwargs["status"] != Status.PACKED and shipment.status == Status.PACKED:
            booking = carrier.book(shipment.number, method=shipment.method)
            shipment = dispatch(shipment, **booking._asdict())
        return deliver(shipment) if kwargs["status"] == Status.DELIVERED else shipment


class PackingJobFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = PackingJob

    order_number = factory.Sequence(lambda n: f"S-{n:04d}")
    opened_at = factory.LazyFunction(timezone.now)


class ShipmentLineFactory(factory.Factory):
    """The first line of a parcel, which was packed with it."""

    class Meta:
        model = ShipmentLine

    shipment = factory.SubFactory(ShipmentFactory)

    @classmethod
    def _create(cls, _model: type[ShipmentLine], *_args: object, shipment: Shipment) -> ShipmentLine:
        return shipment.lines.first()


class TrackingEventFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = TrackingEvent

    shipment = factory.SubFactory(ShipmentFactory, status=Status.DISPATCHED)
    status = "In the sorting centre"
    place = "Leipzig"
    reported_at = factory.LazyFunction(timezone.now)


class ReturnFactory(factory.Factory):
    """All of a delivered parcel comes back, and is received or rejected where `status` says so."""

    class Meta:
        model = Return

    shipment = factory.SubFactory(ShipmentFactory, status=Status.DELIVERED)
    reason = "too small"
    status = Return.Status.REQUESTED

    @classmethod
    def _create(
        cls, _model: type[Return], *_args: object, shipment: Shipment, reason: str, status: Return.Status
    ) -> Return:
        quantities = {line.order_line.sku: line.quantity for line in shipment.lines.select_related("order_line")}
        returned = request_return(shipment.order, quantities, reason)
        if status == Return.Status.RECEIVED:
            return receive_return(returned)
        return reject_return(returned, "worn") if status == Return.Status.REJECTED else returned


class ReturnLineFactory(factory.Factory):
    class Meta:
        model = ReturnLine

    returned = factory.SubFactory(ReturnFactory)

    @classmethod
    def _create(cls, _model: type[ReturnLine], *_args: object, returned: Return) -> ReturnLine:
        return returned.lines.first()
