from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet

from monolith.inventory import services as inventory
from monolith.money import ZERO, rounded
from monolith.orders import awaiting
from monolith.orders.models import Order
from monolith.payments import gateway
from monolith.payments import services as payments
from monolith.payments.models import LedgerEntry, Payment
from monolith.shipping.models import Shipment


def lost_parcels_of(orders: QuerySet[Order]) -> QuerySet[Shipment]:
    """Those that may still turn out to be lost."""
    return Shipment.objects.filter(order__in=orders, status=Shipment.Status.DISPATCHED).select_related("order")


# Tangle: an admin action that writes shipping, inventory and payments past their services: nobody publishes a thing.
@transaction.atomic
def write_off_lost_parcel(parcel: Shipment) -> None:
    """The customer gets the money for its goods back. Raises IllegalTransition."""
    order = Order.objects.select_for_update().get(pk=parcel.order_id)
    parcel = Shipment.objects.select_for_update().get(pk=parcel.pk)
    parcel.move_to(Shipment.Status.LOST)
    parcel.save(update_fields=["status"])
    lost = [line.order_line.sku for line in parcel.lines.select_related("order_line")]
    inventory.note_loss(parcel.number, lost, warehouse=parcel.warehouse)
    _give_back(order, _worth(parcel))


def _worth(parcel: Shipment) -> Decimal:
    lines = parcel.lines.select_related("order_line")
    return sum((rounded(line.order_line.total * line.quantity / line.order_line.quantity) for line in lines), ZERO)


def _give_back(order: Order, amount: Decimal) -> None:
    payment = Payment.objects.select_for_update().get(order_number=order.number)
    if not payments.may_be_written(order.number):
        return _ask_for(order, amount)
    amount = min(amount, payment.refundable)
    if not amount:
        return None
    payment.refunded += amount
    payment.move_to(
        Payment.Status.PARTIALLY_REFUNDED if payment.refunded < payment.authorised else Payment.Status.REFUNDED
    )
    payment.save(update_fields=["refunded", "status"])
    reference = gateway.refund(payment.authorisation, amount)
    LedgerEntry.objects.create(payment=payment, kind=LedgerEntry.Kind.REFUNDED, amount=amount, reference=reference)
    if payment.status == Payment.Status.REFUNDED:
        order.move_to(Order.Status.REFUNDED)
        order.save(update_fields=["status"])
    return None


def _ask_for(order: Order, amount: Decimal) -> None:
    """The payments service owns the payment: nobody writes past it."""
    asked = payments.refund_up_to(order.number, amount).awaited
    if asked:
        awaiting.await_answer(order, asked)
