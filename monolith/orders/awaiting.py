"""Orders that wait for the payments service: for the payment of a pending one, or for money that is given back.

Locks: the saga's row, then the order, as its steps take them; then what belongs to a refund.
"""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from monolith.inventory import services as inventory
from monolith.notifications import services as notifications
from monolith.orders import sagas
from monolith.orders.events import OrderAwaitsPayment, OrderRefunded
from monolith.orders.models import AwaitedRefund, Order
from monolith.orders.moves import move
from monolith.orders.telling import told
from monolith.payments.events import PaymentRequestDeferred, PaymentRequestDone, PaymentRequestRefused
from strangler.outbox import publish

Status = Order.Status


@transaction.atomic
def be_patient(event: PaymentRequestDeferred) -> None:
    """The bank does not answer, and the service goes on trying: the order stays pending, and the customer is told once.

    Never longer than the shop would wait for a payment at all.
    """
    if event.request != sagas.payment_of(event.order_number):
        return
    until = min(event.until, timezone.now() + sagas.LONGEST_WAIT_FOR_PAYMENT)
    sagas.checkout.postpone(event.order_number, until + sagas.PAY_WITHIN, step=sagas.PAYMENT)
    order = Order.objects.select_for_update().get(number=event.order_number)
    if order.status != Status.PENDING or order.payment_retried_until is not None:
        return
    order.payment_retried_until = until
    order.save(update_fields=["payment_retried_until"])
    awaits = OrderAwaitsPayment(**told(order), retried_until=until, deferred_at=timezone.now())
    notifications.notify(awaits, order_number=order.number, cause=publish(awaits))


def await_answer(order: Order, request: UUID) -> None:
    """To a refund that was asked for `order`, which is locked."""
    AwaitedRefund.objects.create(order=order, request=request)


@transaction.atomic
def finish_refund(event: PaymentRequestDone) -> None:
    """Of what somebody asked for this order: once all the money is back, that is its end."""
    order = _awaiting(event)
    if order and event.status == "refunded" and order.may_become(Status.REFUNDED):
        refunded_in_full(order)


@transaction.atomic
def forget_refund(event: PaymentRequestRefused) -> None:
    """The order is as it was; the refusal is among the payment requests in the admin."""
    _awaiting(event)


def refunded_in_full(order: Order) -> None:
    inventory.release(order.number, [line.sku for line in order.lines.all()])
    move(order, Status.REFUNDED)
    publish(OrderRefunded(**told(order), refunded_at=timezone.now()))


def _awaiting(event: PaymentRequestDone | PaymentRequestRefused) -> Order | None:
    """The order, locked, if it waited for this answer; from now on it does not."""
    if not AwaitedRefund.objects.filter(request=event.request).exists():
        return None
    order = Order.objects.select_for_update().get(number=event.order_number)
    ended, _ = AwaitedRefund.objects.filter(request=event.request).delete()
    return order if ended else None
