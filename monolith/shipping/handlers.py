"""What shipping does by itself when it hears of others: nobody tells it to, and nobody waits for it (choreography).

Payments and orders are told under different keys, so their events come in any order.
"""

from collections.abc import Sequence

from monolith.orders.events import OrderCancelled, OrderRefunded, OrderRejected, OrderShipped
from monolith.payments.events import PaymentAuthorised
from monolith.shipping import packing
from monolith.shipping.models import PackingJob
from strangler.inbox import subscribe_batch

GROUP = "shipping"
Status = PackingJob.Status


@subscribe_batch(PaymentAuthorised, group=GROUP)
def open_jobs(events: Sequence[PaymentAuthorised]) -> None:
    packing.open_jobs({event.order_number: event.authorised_at for event in events})


@subscribe_batch(OrderShipped, group=GROUP)
def finish_jobs(events: Sequence[OrderShipped]) -> None:
    packing.end_jobs([event.order_number for event in events if event.complete], Status.DONE)


@subscribe_batch(OrderCancelled, group=GROUP)
def drop_cancelled(events: Sequence[OrderCancelled]) -> None:
    packing.end_jobs([event.order_number for event in events], Status.DROPPED)


@subscribe_batch(OrderRejected, group=GROUP)
def drop_rejected(events: Sequence[OrderRejected]) -> None:
    packing.end_jobs([event.order_number for event in events], Status.DROPPED)


@subscribe_batch(OrderRefunded, group=GROUP)
def drop_refunded(events: Sequence[OrderRefunded]) -> None:
    packing.end_jobs([event.order_number for event in events], Status.DROPPED)
