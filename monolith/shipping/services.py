from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal

from django.db import transaction

from monolith.errors import NothingToShip
from monolith.inventory import services as inventory
from monolith.money import ZERO
from monolith.orders import services as orders
from monolith.orders.models import Order, OrderLine
from monolith.payments import services as payments
from monolith.shipping import tasks
from monolith.shipping.events import ShipmentPacked
from monolith.shipping.models import Shipment, ShipmentLine
from monolith.shipping.parcels import declare_lost, deliver, dispatch, report_tracking, told
from monolith.shipping.portions import check_quantities, share
from monolith.shipping.returns import receive_return, reject_return, request_return
from monolith.shipping.selectors import counted, unshipped
from strangler.outbox import publish

__all__ = [
    "book_carrier",
    "declare_lost",
    "deliver",
    "dispatch",
    "receive_return",
    "reject_return",
    "report_tracking",
    "request_return",
    "ship",
]


@transaction.atomic
def ship(order: Order, quantities: Mapping[str, int] | None = None) -> list[Shipment]:
    """Packs `quantities` by SKU, or all that is left, into one parcel per warehouse, and takes the money for them.

    Raises NothingToShip, IllegalTransition.
    """
    order = Order.objects.select_for_update().get(pk=order.pk)
    left = unshipped(order)
    if not left:
        raise NothingToShip(f"Order {order}: everything is shipped already.")
    order.check_move_to(Order.Status.SHIPPED)
    wanted = left if quantities is None else quantities
    check_quantities(order, wanted, left, NothingToShip, "be shipped")
    lines = list(order.lines.filter(sku__in=list(wanted)))
    complete = wanted == left
    # The last parcel takes all that is left, the shipping cost included. What was paid at checkout is paid.
    amount = None if complete else _worth(order, lines, wanted)
    shipments = _pack(order, lines, wanted)
    inventory.ship(order.number, wanted)
    payments.capture_up_to(order.number, amount)
    orders.record_shipment(order, complete=complete)
    for shipment in shipments:
        publish(ShipmentPacked(**told(shipment), packed_at=shipment.packed_at))
        book_carrier(shipment)
    return shipments


def book_carrier(shipment: Shipment) -> None:
    """After the commit; a process that dies in between books none, and a person has to do it again."""
    # Tangle: a task sent in on_commit. The commit and the message to the broker are not one.
    transaction.on_commit(lambda: tasks.book_carrier.delay(shipment.pk), robust=True)


def _worth(order: Order, lines: list[OrderLine], wanted: Mapping[str, int]) -> Decimal:
    """What the customer pays for these units, their tax included. To be asked before they are packed."""
    shipped = counted(ShipmentLine.objects.filter(shipment__order=order))
    return sum((share(line, shipped[line.pk], wanted[line.sku]) for line in lines), ZERO)


def _pack(order: Order, lines: list[OrderLine], wanted: Mapping[str, int]) -> list[Shipment]:
    by_warehouse: dict[str, list[OrderLine]] = defaultdict(list)
    for line in lines:
        if not line.warehouse:
            raise NothingToShip(f"Order {order}: {line.sku} is reserved in no warehouse, so nobody can pack it.")
        by_warehouse[line.warehouse].append(line)
    shipments = []
    for warehouse, its_lines in by_warehouse.items():
        shipment = Shipment.objects.create(order=order, warehouse=warehouse, method=order.shipping_method)
        ShipmentLine.objects.bulk_create(
            [ShipmentLine(shipment=shipment, order_line=line, quantity=wanted[line.sku]) for line in its_lines]
        )
        shipments.append(shipment)
    return shipments
