"""Events of the shop, translated into this service's one use case.

Both sides could write every e-mail, and while the setting rolls out, processes that think differently run side by
side. The stamp on the message decides: the monolith left the e-mail to this service when it published, or wrote it.
"""

from extracted.notifications import services
from extracted.notifications.events import (
    AboutAnOrder,
    OrderAwaitsPayment,
    OrderCancelled,
    OrderPlaced,
    OrderRejected,
    PaymentCaptured,
    PaymentRefunded,
    ReturnReceived,
    ShipmentDispatched,
)
from strangler.cutover import service_serves
from strangler.inbox import subscribe
from strangler.messaging import incoming_message

GROUP = "notifications"


@subscribe(OrderPlaced, group=GROUP)
def confirm_the_order(event: OrderPlaced) -> None:
    _email("order_confirmation", event)


@subscribe(OrderAwaitsPayment, group=GROUP)
def explain_the_delay(event: OrderAwaitsPayment) -> None:
    _email("order_awaits_payment", event)


@subscribe(OrderRejected, group=GROUP)
def explain_the_rejection(event: OrderRejected) -> None:
    _email("order_rejected", event)


@subscribe(PaymentCaptured, group=GROUP)
def send_the_receipt(event: PaymentCaptured) -> None:
    _email("payment_receipt", event)


@subscribe(OrderCancelled, group=GROUP)
def confirm_the_cancellation(event: OrderCancelled) -> None:
    _email("order_cancelled", event)


@subscribe(PaymentRefunded, group=GROUP)
def announce_the_refund(event: PaymentRefunded) -> None:
    _email("refund", event)


@subscribe(ShipmentDispatched, group=GROUP)
def announce_the_parcel(event: ShipmentDispatched) -> None:
    _email("shipment_dispatched", event)


@subscribe(ReturnReceived, group=GROUP)
def confirm_the_return(event: ReturnReceived) -> None:
    _email("return_received", event)


def _email(template: str, event: AboutAnOrder) -> None:
    if service_serves("notifications"):
        services.notify(event, template=template, cause=str(incoming_message().id))
