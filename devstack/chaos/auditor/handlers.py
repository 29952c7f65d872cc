from django.conf import settings

from devstack.chaos.auditor.events import OF_VERSION, OfAnOrder, OfAPayment, OfStock, OrderPlacedV2
from devstack.chaos.auditor.models import Heard
from strangler.inbox import subscribe
from strangler.messaging import Event, incoming_message

GROUP = "auditor"


def write_down(event: Event) -> None:
    message = incoming_message()
    heard = Heard(
        message_id=message.id,
        correlation_id=message.correlationid,
        type=event.event_type,
        key=event.aggregate_id,
        read_as=settings.AUDITOR_READS,
    )
    if isinstance(event, OfAPayment):
        heard.figure = event.amount
    if isinstance(event, OfStock):
        heard.figure, heard.warehouse = event.quantity, event.warehouse
        heard.on_hand, heard.reserved = event.on_hand, event.reserved
    if isinstance(event, OfAnOrder):
        heard.email = event.customer_email
    if isinstance(event, OrderPlacedV2):
        heard.email = event.buyer
    heard.save(force_insert=True)


for event_class in OF_VERSION[settings.AUDITOR_READS]:
    subscribe(event_class, group=GROUP)(write_down)
