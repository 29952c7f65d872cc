from celery import shared_task

from monolith.shipping import carrier, parcels
from monolith.shipping.models import Shipment


# Late acknowledgement: a worker that dies over a booking leaves it to the next one, and the carrier knows the number.
@shared_task(autoretry_for=(OSError,), retry_backoff=True, max_retries=8, acks_late=True)
def book_carrier(shipment_id: int) -> None:
    """Books the carrier and dispatches the parcel. Sent twice it does it once."""
    shipment = Shipment.objects.get(pk=shipment_id)
    if shipment.status == Shipment.Status.PACKED:
        booking = carrier.book(shipment.number, method=shipment.method)
        parcels.dispatch(shipment, carrier=booking.carrier, tracking_number=booking.tracking_number)
