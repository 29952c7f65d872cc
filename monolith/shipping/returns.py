"""Goods on their way back: asked for by the customer, received or rejected by the warehouse."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet, prefetch_related_objects
from django.utils import timezone

from monolith.errors import NotReturnable
from monolith.inventory import services as inventory
from monolith.money import ZERO
from monolith.notifications import services as notifications
from monolith.orders import services as orders
from monolith.orders.models import Order
from monolith.payments import services as payments
from monolith.shipping.events import Parcel, ReturnReceived, ReturnRejected, ReturnRequested
from monolith.shipping.models import Return, ReturnLine
from monolith.shipping.portions import check_quantities, share
from monolith.shipping.selectors import counted, returnable
from strangler.outbox import publish

Status = Return.Status


@transaction.atomic
def request_return(order: Order, quantities: Mapping[str, int], reason: str) -> Return:
    """`quantities` by SKU, of what was delivered. Raises NotReturnable."""
    order = Order.objects.select_for_update().get(pk=order.pk)
    if order.status == Order.Status.COMPLETED:
        raise NotReturnable(f"Order {order} is completed: the time for returns is over. Write to the shop instead.")
    check_quantities(order, quantities, returnable(order), NotReturnable, "be returned")
    returned = Return.objects.create(order=order, reason=reason)
    lines = order.lines.filter(sku__in=list(quantities))
    ReturnLine.objects.bulk_create(
        [ReturnLine(returned=returned, order_line=line, quantity=quantities[line.sku]) for line in lines]
    )
    prefetch_related_objects([returned], "lines__order_line")
    publish(ReturnRequested(**_told(returned), reason=reason, requested_at=returned.requested_at))
    return returned


@transaction.atomic
def receive_return(returned: Return) -> Return:
    """Goods into stock, the lines' share of the money to the customer. Raises IllegalTransition."""
    returned = _locked(returned)
    returned.check_move_to(Status.RECEIVED)
    order, due = returned.order, _due(returned)
    inventory.take_back(order.number, {line.order_line.sku: line.quantity for line in returned.lines.all()})
    returned.refunded = payments.refund_up_to(order.number, due).amount
    _close(returned, Status.RECEIVED)
    received = _received_event(returned)
    notifications.notify(received, order_number=order.number, cause=publish(received))
    if _all_came_back(order) and order.may_become(Order.Status.RETURNED):
        orders.record_return(order)
    return returned


@transaction.atomic
def reject_return(returned: Return, reason: str) -> Return:
    """What came back is not taken back; the goods may be sent back once more. Raises IllegalTransition."""
    returned = _locked(returned)
    returned.check_move_to(Status.REJECTED)
    _close(returned, Status.REJECTED)
    publish(ReturnRejected(**_told(returned), reason=reason, rejected_at=returned.closed_at))
    return returned


def _received_event(returned: Return) -> ReturnReceived:
    return ReturnReceived(
        **_told(returned), refunded=returned.refunded, currency=returned.order.currency, received_at=returned.closed_at
    )


def _locked(returned: Return) -> Return:
    order = Order.objects.select_for_update().get(pk=returned.order_id)
    returned = Return.objects.prefetch_related("lines__order_line").get(pk=returned.pk)
    returned.order = order
    return returned


def _close(returned: Return, status: Status) -> None:
    returned.move_to(status)
    returned.closed_at = timezone.now()
    returned.save(update_fields=["status", "refunded", "closed_at"])


def _due(returned: Return) -> Decimal:
    """What the customer paid for the goods in this return; what came back before is reckoned in, to the cent."""
    before = counted(_received(returned.order))
    return sum(
        (share(line.order_line, before[line.order_line_id], line.quantity) for line in returned.lines.all()), ZERO
    )


def _all_came_back(order: Order) -> bool:
    back = counted(_received(order))
    return all(back[line.pk] == line.quantity for line in order.lines.all())


def _received(order: Order) -> QuerySet[ReturnLine]:
    return ReturnLine.objects.filter(returned__order=order, returned__status=Status.RECEIVED)


def _told(returned: Return) -> dict[str, object]:
    return {
        "order_number": returned.order.number,
        "return_number": returned.number,
        "customer_email": returned.order.customer_email,
        "customer_name": returned.order.customer_name,
        "lines": [
            Parcel(sku=line.order_line.sku, name=line.order_line.name, quantity=line.quantity)
            for line in returned.lines.all()
        ],
    }


def told_again(returns: Sequence[Return]) -> Iterator[ReturnReceived]:
    """To whoever was not there when they came: those that were received. They come with order and lines."""
    for returned in returns:
        if returned.status == Status.RECEIVED:
            yield _received_event(returned)
